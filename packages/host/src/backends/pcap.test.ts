import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { VirtualClock } from "../clock.js";
import { loopbackPair } from "./loopback.js";
import { openNet } from "./open.js";
import { capture, type CaptureOptions } from "./pcap.js";
import { frame, Station, turn } from "./testing/frames.js";
import type { NetBackend } from "./types.js";

let directory: string;
let file: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "phantasm-pcap-"));
  file = join(directory, "trace.pcap");
});

afterEach(() => {
  rmSync(directory, { recursive: true });
});

interface PacketRecord {
  readonly seconds: number;
  readonly nanoseconds: number;
  readonly bytes: Uint8Array;
}

/** Reads a file by the definition of the format, independently of the writer. */
function parse(): PacketRecord[] {
  const bytes = readFileSync(file);
  expect(bytes.subarray(0, 24).toString("hex")).toBe(
    "4d3cb2a1" + "0200" + "0400" + "00000000" + "00000000" + "00000400" + "01000000",
  );
  const records: PacketRecord[] = [];
  let at = 24;
  while (at < bytes.length) {
    const [seconds, nanoseconds, captured, original] = [0, 4, 8, 12].map((o) =>
      bytes.readUInt32LE(at + o),
    ) as [number, number, number, number];
    expect(captured).toBe(original);
    at += 16 + captured;
    expect(at).toBeLessThanOrEqual(bytes.length);
    records.push({
      seconds,
      nanoseconds,
      bytes: Uint8Array.from(bytes.subarray(at - captured, at)),
    });
  }
  return records;
}

async function bench(options: CaptureOptions = {}) {
  const [left, right] = loopbackPair();
  const link = await capture(left, file, options);
  return { link, here: new Station(link), there: new Station(right) };
}

function numbered(from: NetBackend, to: NetBackend, number: number, bytes?: number): Uint8Array {
  return frame(to.mac, from.mac, number, bytes);
}

describe("capture", () => {
  it("writes what goes out and comes in, in order, without the virtio header", async () => {
    const clock = new VirtualClock(1_700_000_000_123_456_789n);
    const { link, here, there } = await bench({ clock });
    const out = numbered(here.link, there.link, 1, 0);
    const back = numbered(there.link, here.link, 2, 1500);
    const out2 = numbered(here.link, there.link, 3, 45);
    here.link.send(out);
    there.link.send(back);
    clock.advance(876_543_211n);
    await here.expect(1);
    clock.advance(999_999_999n);
    here.link.send(out2);
    await link.close();
    const records = parse();
    expect(records.map(({ bytes }) => bytes)).toEqual([out, back, out2].map((f) => f.subarray(10)));
    expect(records.map(({ seconds, nanoseconds }) => [seconds, nanoseconds])).toEqual([
      [1_700_000_000, 123_456_789],
      [1_700_000_001, 0],
      [1_700_000_001, 999_999_999],
    ]);
    expect(link.capture).toMatchObject({ frames: 3, droppedFrames: 0, error: null });
  });

  it("is readable while the link lives, and empty but valid without frames", async () => {
    const { link, here, there } = await bench();
    await expect.poll(() => parse().length).toBe(0);
    here.link.send(numbered(here.link, there.link, 1));
    await expect.poll(() => parse().length).toBe(1);
    const [record] = parse();
    expect(Math.abs(record!.seconds - Date.now() / 1000)).toBeLessThan(60);
    await link.close();
  });

  it("leaves out a frame that the link refused", async () => {
    const { link, here, there } = await bench();
    let accepted = 0;
    while (here.link.send(numbered(here.link, there.link, accepted, 1500))) accepted++;
    await link.close();
    expect(accepted).toBe(link.capture.frames + link.capture.droppedFrames);
    expect(parse()).toHaveLength(link.capture.frames);
  });

  it("drops and counts when the disk is slow, and never holds up the link", async () => {
    const writes: (() => void)[] = [];
    const { writeSync } = await import("node:fs");
    const { link, here, there } = await bench({
      bufferBytesMax: 10_000,
      write: (fd, bytes, position, done) => {
        writes.push(() => done(null, writeSync(fd, bytes, 0, bytes.length, position)));
      },
    });
    await turn();
    for (let i = 0; i < 100; i++) {
      expect(here.link.send(numbered(here.link, there.link, i, 986))).toBe(true);
    }
    expect(await there.expect(100)).toHaveLength(100);
    // 24 bytes of header in flight and 9 records of 1016 bytes.
    expect(link.capture).toMatchObject({ frames: 9, droppedFrames: 91 });
    const closing = link.close();
    for (let write = writes.shift(); write !== undefined; write = writes.shift()) {
      write();
      await turn();
    }
    await closing;
    expect(parse()).toHaveLength(9);
  });

  it("gives the file up when the disk is full, ends it with a whole record, and goes on", async () => {
    const { writeSync } = await import("node:fs");
    let room = 24 + 2 * 76 + 30;
    const { link, here, there } = await bench({
      write: (fd, bytes, position, done) => {
        const part = Math.min(room, bytes.length);
        room -= part;
        if (part === 0) done(Object.assign(new Error("full"), { code: "ENOSPC" }), 0);
        else done(null, writeSync(fd, bytes, 0, part, position));
      },
    });
    for (let i = 0; i < 5; i++) {
      here.link.send(numbered(here.link, there.link, i));
      await turn();
      await turn();
    }
    expect(await there.expect(5)).toHaveLength(5);
    expect(link.capture.error).toBe(`pcap file ${file}: the disk is full`);
    expect(link.capture.droppedFrames).toBe(2);
    expect(link.gone).toBe(false);
    await link.close();
    expect(parse()).toHaveLength(2);
  });

  it("refuses a file it cannot write, and closes the link it had opened", async () => {
    await expect(openNet({ kind: "loopback", pcap: directory })).rejects.toThrow(
      `pcap file ${directory}: it is a directory`,
    );
    await expect(openNet({ kind: "loopback", pcap: "/dev/null" })).rejects.toThrow(
      "pcap file /dev/null: it is not a regular file",
    );
  });

  it("comes with a description, and truncates what was there", async () => {
    const link = await openNet({
      kind: "loopback",
      pcap: file,
      mac: "02:00:00:00:00:09",
      mtu: 9000,
    });
    expect([...link.mac]).toEqual([2, 0, 0, 0, 0, 9]);
    expect(link.mtu).toBe(9000);
    link.send(frame(link.mac, link.mac, 1, 9000));
    await link.close();
    expect(parse()).toHaveLength(1);
    await (await openNet({ kind: "loopback", pcap: file })).close();
    expect(statSync(file).size).toBe(24);
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });
});
