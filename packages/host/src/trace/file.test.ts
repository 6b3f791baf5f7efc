import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { traceEvent } from "./event.js";
import { TRACE_BYTES_MIN, TraceError, TraceFile } from "./file.js";

const directory = mkdtempSync(join(tmpdir(), "phantasm-trace-file-"));
afterAll(() => rmSync(directory, { recursive: true }));
let files = 0;
const fresh = (): string => join(directory, `${++files}.json`);

const event = (name: string): string =>
  traceEvent({ name, cat: "test", ph: "i", ts: 1234, pid: 1, tid: 1 });
const names = (path: string): string[] =>
  (JSON.parse(readFileSync(path, "utf8")) as { name: string }[]).map(({ name }) => name);

test("an array of events, also of none", () => {
  const path = fresh();
  TraceFile.open(path).close();
  expect(names(path)).toEqual([]);
  const file = TraceFile.open(path);
  for (const name of ["a", "b", 'quote " back \\ line \n tab \t', "ä € 😀 \u202e \x1b"]) {
    file.event(event(name));
  }
  file.close([event("last")]);
  expect(names(path)).toEqual([
    "a",
    "b",
    'quote " back \\ line \n tab \t',
    "ä € 😀 \u202e \x1b",
    "last",
  ]);
  const codes = [...readFileSync(path)].filter((code) => code !== 0x0a);
  expect(codes.every((code) => code >= 0x20 && code < 0x7f)).toBe(true);
});

test("times are microseconds, exact to a nanosecond", () => {
  const text = traceEvent({ name: "n", cat: "c", ph: "X", ts: 1_000_001, dur: 7, pid: 1, tid: 2 });
  expect(JSON.parse(text)).toEqual({
    ph: "X",
    ts: 1000.001,
    dur: 0.007,
    pid: 1,
    tid: 2,
    cat: "c",
    name: "n",
  });
});

test("whoever shares the buffer finishes what another thread has begun", () => {
  const path = fresh();
  const opened = TraceFile.open(path);
  const other = new TraceFile(opened.share);
  const count = 5000;
  for (let at = 0; at < count; at++) other.event(event(`event ${at}`));
  // Some of it is written, the rest lies in memory only.
  expect(statSync(path).size).toBeGreaterThan(100_000);
  expect(statSync(path).size).toBeLessThan(count * event("event 1000").length);
  opened.close();
  expect(names(path)).toEqual(Array.from({ length: count }, (_, at) => `event ${at}`));
  other.event(event("late"));
  expect(other.open).toBe(false);
  expect(names(path)).toHaveLength(count);
});

test("a write that is done again changes nothing", () => {
  const path = fresh();
  const file = TraceFile.open(path);
  file.event(event("a"));
  const header = new BigInt64Array(file.share.shared, 0, 4);
  const written = header[1]!;
  file.flush();
  // As if the thread had been ended between the write and the note of it.
  header[1] = written;
  file.close();
  expect(names(path)).toEqual(["a"]);
});

test("it grows no larger than its limit, says so once, and stays whole", () => {
  const path = fresh();
  const told: string[] = [];
  const file = TraceFile.open(path, { bytesMax: TRACE_BYTES_MIN });
  file.onStop = (reason) => told.push(reason);
  for (let at = 0; at < 10_000; at++) file.event(event(`event ${at}`));
  expect(file.open).toBe(false);
  file.close([event("last")]);
  expect(told).toEqual([`the trace ${path} has reached 64 KiB and ends here; see --trace-limit`]);
  expect(statSync(path).size).toBeLessThanOrEqual(TRACE_BYTES_MIN);
  const all = names(path);
  expect(all.length).toBeGreaterThan(400);
  expect(all.slice(-2)).toEqual(["the trace is full", "last"]);
});

test("a file that cannot be written", () => {
  expect(() => TraceFile.open(join(directory, "no", "where.json"))).toThrow(TraceError);
  expect(() => TraceFile.open(directory)).toThrow(/^the trace .* cannot be written: EISDIR/);
});

test("a trace is written anew, another file never", () => {
  const path = fresh();
  for (const text of ["", "[\n", "[\n\n]\n", `[\n${event("a")},\n${event("b")}`]) {
    writeFileSync(path, text);
    TraceFile.open(path).close();
    expect(names(path)).toEqual([]);
  }
  for (const text of ['[\n{"name":"a"}]\n', "[]", "a letter", "\0".repeat(1000)]) {
    writeFileSync(path, text);
    expect(() => TraceFile.open(path)).toThrow(
      `the trace ${path} is not written: it holds something else`,
    );
    expect(readFileSync(path, "utf8")).toBe(text);
  }
  TraceFile.open("/dev/null").close();
});

test("a disk that is full later ends the trace, not the program", () => {
  const file = TraceFile.open(fresh());
  const told: string[] = [];
  const full = new TraceFile({ ...file.share, fd: 0x7fff_0000 });
  full.onStop = (reason) => told.push(reason);
  for (let at = 0; at < 10_000; at++) full.event(event(`event ${at}`));
  expect(told).toHaveLength(1);
  expect(told[0]).toContain("cannot be written: ");
  expect(full.open).toBe(false);
  file.close([event("last")]);
  expect(names(file.share.path)).toEqual([]);
});
