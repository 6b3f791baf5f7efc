import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { encodedMap, TraceMap } from "@jridgewell/trace-mapping";
import {
  encodeNames,
  generateKey,
  readFunctionNames,
  signImage,
  verifyImage,
} from "@phantasm/seal";
import { afterAll, expect, test } from "vitest";
import { sealedBytes, step } from "../../test/images.js";
import { namePayload, sourceMap } from "../../test/side-files.js";
import { memoryConsole } from "../console/memory.js";
import { Domain } from "../domain.js";
import type { WasmFrame } from "../frames.js";
import { Image } from "../image.js";
import { debuggable } from "./debug-module.js";
import { shortName } from "./names.js";
import { readSideFiles } from "./side-files.js";
import { Symboliser, symbolise } from "./symbolise.js";

const directory = mkdtempSync(join(tmpdir(), "phantasm-trace-"));
afterAll(() => rmSync(directory, { recursive: true }));

const BODY = `(func $parse unreachable) (func $run (call $parse)) ${step("(call $run)")}`;
const bytes = sealedBytes(BODY);
const digest = verifyImage(bytes).digest;

const NAMES = namePayload({ 4: "init", 5: "main/Parser#parse", 6: "main/run", 7: "entry/step" });

const MAP = sourceMap(bytes, {
  5: ["main.ts", 12, 5],
  6: ["main.ts", 3, 1],
  7: [".phantasm/entry.ts", 9, 9],
});

async function trap(image: Image): Promise<readonly WasmFrame[]> {
  const domain = new Domain(image, { console: memoryConsole() });
  domain.start();
  return (await domain.exited).trace;
}

test("a trap in AssemblyScript terms, without the host's and the runtime's part", async () => {
  const image = Image.load(bytes);
  const lines = symbolise(await trap(image), image.verified, { names: NAMES, sourceMap: MAP });
  expect(lines).toEqual(["    at Parser#parse (main.ts:12:5)", "    at run (main.ts:3:1)"]);
});

test("a signature moves every byte, but not the trace", async () => {
  const signed = Image.load(signImage(bytes, generateKey()));
  expect(signed.verified.signatureShift).toBeGreaterThan(0);
  const lines = symbolise(await trap(signed), signed.verified, { names: NAMES, sourceMap: MAP });
  expect(lines).toEqual(["    at Parser#parse (main.ts:12:5)", "    at run (main.ts:3:1)"]);
});

test("without side files: indices and offsets", async () => {
  const image = Image.load(bytes);
  const lines = symbolise(await trap(image), image.verified, { names: null, sourceMap: null });
  expect(lines).toHaveLength(3);
  expect(lines[0]).toMatch(/^ {4}at function 5 \(offset 0x[0-9a-f]+\)$/);
});

test("the way into abort says nothing", () => {
  const { functions } = verifyImage(bytes);
  const frames = [5, 6].map((functionIndex) => ({
    functionIndex,
    offset: functions[functionIndex - 4]!.start + 1,
    name: null,
  }));
  const abortMap = sourceMap(bytes, {
    5: ["~lib/@phantasm/runtime/abort.ts", 1, 1],
    6: ["main.ts", 3, 1],
  });
  expect(symbolise(frames, verifyImage(bytes), { names: NAMES, sourceMap: abortMap })).toEqual([
    "    at run (main.ts:3:1)",
  ]);
});

test("the way through the allocator to the end of memory says nothing", () => {
  const { functions } = verifyImage(bytes);
  const frames = [4, 5, 6].map((functionIndex) => ({
    functionIndex,
    offset: functions[functionIndex - 4]!.start + 1,
    name: null,
  }));
  const full = (innermost: string): string[] =>
    symbolise(frames, verifyImage(bytes), {
      names: NAMES,
      sourceMap: sourceMap(bytes, {
        4: [innermost, 1, 1],
        5: ["~lib/rt/tlsf.ts", 2, 2],
        6: ["main.ts", 3, 3],
      }),
    });
  expect(full("~lib/@phantasm/runtime/heap/exhausted.ts")).toEqual(["    at run (main.ts:3:3)"]);
  // A trap in there is another matter.
  expect(full("~lib/rt/tlsf.ts")).toHaveLength(3);
});

test("functions that the compiler has added are left out", () => {
  const { functions } = verifyImage(bytes);
  const frames = [5, 6].map((functionIndex) => ({
    functionIndex,
    offset: functions[functionIndex - 4]!.start + 1,
    name: null,
  }));
  for (const stub of ["main/wait@varargs", "main/Base#run@override"]) {
    const names = namePayload({ 5: stub, 6: "main/run" });
    expect(symbolise(frames, verifyImage(bytes), { names, sourceMap: MAP })).toEqual([
      "    at run (main.ts:3:1)",
    ]);
  }
});

test("a stack of a fibre begins where it waits, and ends where it began", () => {
  const { functions } = verifyImage(bytes);
  const frames = [4, 5, 6, 7].map((functionIndex) => ({
    functionIndex,
    offset: functions[functionIndex - 4]!.start + 1,
    name: null,
  }));
  const names = namePayload({ 4: "suspend", 5: "wait", 6: "Net#run", 7: "enter" });
  const edge = "~lib/@phantasm/fibre/switch.ts";
  const map = (run: string): string =>
    sourceMap(bytes, {
      4: [edge, 1, 1],
      5: ["~lib/@phantasm/fibre/fibre.ts", 2, 2],
      6: [run, 3, 3],
      7: [edge, 4, 4],
    });
  const stack = (run: string): string[] =>
    new Symboliser(verifyImage(bytes), { names, sourceMap: map(run) }).fibre(frames);
  expect(stack("main.ts")).toEqual([
    "    at wait (~lib/@phantasm/fibre/fibre.ts:2:2)",
    "    at Net#run (main.ts:3:3)",
  ]);
  // A fibre of the library OS has no line of the application, and needs none.
  expect(stack("~lib/@phantasm/net/net.ts")).toEqual([
    "    at wait (~lib/@phantasm/fibre/fibre.ts:2:2)",
    "    at Net#run (~lib/@phantasm/net/net.ts:3:3)",
  ]);
});

test("a trace without a line of the application says how to get one", () => {
  const { functions } = verifyImage(bytes);
  const frames = [{ functionIndex: 5, offset: functions[1]!.start + 1, name: null }];
  const map = sourceMap(bytes, { 5: ["~lib/array.ts", 98, 1] });
  expect(symbolise(frames, verifyImage(bytes), { names: NAMES, sourceMap: map })).toEqual([
    "    at Parser#parse (~lib/array.ts:98:1)",
    expect.stringContaining('profile: "debug"'),
  ]);
});

test("inlined library code is shown behind the line of the application that used it", () => {
  const { functions, signatureShift } = verifyImage(bytes);
  const { start } = functions[1]!;
  const columns = [start, start + 1].map((at) => at - signatureShift);
  const map = new TraceMap({
    version: 3,
    names: [],
    sources: ["main.ts", "~lib/array.ts"],
    mappings: [
      [
        [columns[0]!, 0, 5, 2],
        [columns[1]!, 1, 98, 0],
      ],
    ],
  });
  const frames = [{ functionIndex: 5, offset: start + 1, name: null }];
  const files = { names: NAMES, sourceMap: JSON.stringify(encodedMap(map)) };
  expect(symbolise(frames, verifyImage(bytes), files)).toEqual([
    "    at Parser#parse (main.ts:6:3, inlined ~lib/array.ts:99:1)",
  ]);
});

test("a recursion is folded, a long trace is cut", () => {
  const frame = (functionIndex: number, offset: number): WasmFrame => ({
    functionIndex,
    offset,
    name: null,
  });
  const verified = verifyImage(bytes);
  const nothing = { names: null, sourceMap: null };
  const deep = Array.from({ length: 60 }, () => frame(5, 1000));
  expect(symbolise(deep, verified, nothing)).toEqual([
    "    at function 5 (offset 0x3e8)",
    "       … 59 more of the same",
  ]);
  const long = Array.from({ length: 60 }, (_, at) => frame(at, at));
  expect(symbolise(long, verified, nothing)).toHaveLength(25);
});

test("names are shown without their paths", () => {
  expect(shortName("app/trap/Conn#parse")).toBe("Conn#parse");
  expect(shortName("~lib/map/Map<~lib/string/String,i32>#get")).toBe("Map<String,i32>#get");
  expect(readFunctionNames(NAMES).get(6)).toBe("main/run");
});

test("side files of another image, broken or hostile ones, are not used, and said so", () => {
  const path = join(directory, "image.wasm");
  const other = `sha256:${"0".repeat(64)}`;
  writeFileSync(`${path}.names`, encodeNames(other, NAMES));
  writeFileSync(`${path}.map`, JSON.stringify({ ...JSON.parse(MAP), x_phantasm_digest: other }));
  const stale = readSideFiles(path, digest);
  expect([stale.names, stale.sourceMap]).toEqual([null, null]);
  expect(stale.problems).toHaveLength(2);
  expect(stale.problems[1]).toContain("belongs to another image: build again");

  writeFileSync(`${path}.names`, "garbage");
  writeFileSync(`${path}.map`, "{");
  expect(readSideFiles(path, digest).problems).toHaveLength(2);

  writeFileSync(`${path}.names`, encodeNames(digest, NAMES));
  writeFileSync(`${path}.map`, MAP);
  const fresh = readSideFiles(path, digest);
  expect(fresh.problems).toEqual([]);
  expect(readFunctionNames(fresh.names!).size).toBe(4);
  expect(fresh.sourceMap).toBe(MAP);

  expect(readSideFiles(join(directory, "none.wasm"), digest)).toEqual({
    names: null,
    sourceMap: null,
    classes: null,
    problems: [],
  });

  // Right digest, wrong contents: the trace is printed all the same.
  const frames: WasmFrame[] = [{ functionIndex: 5, offset: 3, name: "\u001b[2J" }];
  const hostile = { names: Uint8Array.of(1, 255, 255), sourceMap: '{"version":3,"mappings":5}' };
  expect(symbolise(frames, verifyImage(bytes), hostile)).toEqual(["    at \\x1b[2J (offset 0x3)"]);
});

test("a module for a debugger knows names, and runs like the image", async () => {
  const image = Image.load(signImage(bytes, generateKey()));
  const runnable = debuggable(image, { names: NAMES, sourceMap: MAP });
  const sections = WebAssembly.Module.customSections(runnable.module, "sourceMappingURL");
  const url = Buffer.from(sections[0]!).subarray(2).toString();
  const base64 = url.slice(url.indexOf("base64,") + 7);
  const map = new TraceMap(Buffer.from(base64, "base64").toString());
  expect(map.sources).toContain("main.ts");
  const domain = new Domain(runnable);
  domain.start();
  const { trace } = await domain.exited;
  expect(trace.map(({ name }) => name)).toEqual([
    "x.main/Parser#parse",
    "x.main/run",
    "x.entry/step",
  ]);
  expect(symbolise(trace, image.verified, { names: null, sourceMap: MAP })).toEqual([
    "    at Parser#parse (main.ts:12:5)",
    "    at run (main.ts:3:1)",
  ]);
});

test("a hostile source map is no reason to lose the trace", async () => {
  const frames = await trap(Image.load(bytes));
  const verified = verifyImage(bytes);
  for (const map of [
    { version: 3, sources: ["a.ts"], mappings: [[null, [0, 0, 0, 0]]] },
    { version: 3, sources: ["a.ts"], mappings: [[["x", {}, null, "y"]]] },
    { version: 3, sources: [7], mappings: [[[0, 0, 0, 0]]] },
    { version: 3, sources: ["a.ts"], mappings: [5] },
    {
      version: 3,
      sources: ["a.ts"],
      mappings: [
        [
          [0, -1, 0, 0],
          [1, 1e9, 1, 1],
        ],
      ],
    },
    { version: 3, sections: [{ offset: 0, map: null }] },
    { version: 3, sources: null, mappings: "\u0000;;,,,~" },
    7,
  ]) {
    const sourceMap = JSON.stringify(map);
    expect(symbolise(frames, verified, { names: NAMES, sourceMap })[0]).toMatch(
      /^ {4}at Parser#parse/,
    );
    expect(debuggable(Image.load(bytes), { names: NAMES, sourceMap }).digest).toBe(digest);
  }
});

test("hostile names cost no time and no screen", async () => {
  const frames = await trap(Image.load(bytes));
  const names = namePayload({ 5: "a".repeat(300_000), 6: `${"b/".repeat(100_000)}c` });
  const before = performance.now();
  const lines = symbolise(frames, verifyImage(bytes), { names, sourceMap: null });
  expect(performance.now() - before).toBeLessThan(1000);
  for (const line of lines) expect(line.length).toBeLessThan(3000);
});
