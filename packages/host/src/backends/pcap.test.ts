import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { VirtualClock } from "../clock.js";
import { loopbackPair } from "./loopback.js";
import { openNet } from "./open.js";
import { capture, type CaptureOptions } from "./pcap.js";
import { frame, Station, turn } from "./testing/frames.js";
import { receiveTcp, superFrame } from "./testing/packets.js";
import type { NetBackend } from "./types.js";

let directory: string;
let file: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "phantasm-pcap-"));
  file = join(directory, "trace.pcapng");
});

afterEach(() => {
  rmSync(directory, { recursive: true });
});

interface PacketRecord {
  readonly nanoseconds: bigint;
  readonly direction: "in" | "out";
  readonly bytes: Uint8Array;
}

const HEAD_BYTES = 96;

/** Reads a file by the definition of the format, independently of the writer. */
function parse(): PacketRecord[] {
  const bytes = readFileSync(file);
  expect(bytes.subarray(0, HEAD_BYTES).toString("hex")).toBe(
    // Section: type, length, byte order, version 1.0, no length; shb_userappl "phantasm".
    "0a0d0d0a" +
      "2c000000" +
      "4d3c2b1a" +
      "01000000" +
      "ffffffffffffffff" +
      ("04000800" + "7068616e7461736d" + "00000000" + "2c000000") +
      // Interface: Ethernet, 262144 bytes; if_name "net", if_MACaddr, if_tsresol 9.
      ("01000000" + "34000000" + "01000000" + "00000400") +
      ("02000300" + "6e657400") +
      ("06000600" + Buffer.from(mac).toString("hex") + "0000") +
      ("09000100" + "09000000" + "00000000" + "34000000"),
  );
  const records: PacketRecord[] = [];
  let at = HEAD_BYTES;
  while (at < bytes.length) {
    const [type, length, number, high, low, captured, original] = Array.from(
      { length: 7 },
      (_, field) => bytes.readUInt32LE(at + field * 4),
    ) as [number, number, number, number, number, number, number];
    expect([type, number, captured]).toEqual([6, 0, original]);
    expect(at + length).toBeLessThanOrEqual(bytes.length);
    expect(length % 4).toBe(0);
    expect(bytes.readUInt32LE(at + length - 4)).toBe(length);
    const options = at + 28 + Math.ceil(captured / 4) * 4;
    expect(bytes.subarray(options, options + 4).toString("hex")).toBe("02000400");
    expect(bytes.readUInt32LE(options + 8)).toBe(0);
    expect(options + 16).toBe(at + length);
    records.push({
      nanoseconds: (BigInt(high) << 32n) | BigInt(low),
      direction: bytes.readUInt32LE(options + 4) === 1 ? "in" : "out",
      bytes: Uint8Array.from(bytes.subarray(at + 28, at + 28 + captured)),
    });
    at += length;
  }
  return records;
}

/** Of the device whose frames are written. */
let mac: Uint8Array;

async function bench(options: CaptureOptions = {}) {
  const [left, right] = loopbackPair();
  mac = left.mac;
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
    expect(records.map(({ nanoseconds, direction }) => [nanoseconds, direction])).toEqual([
      [1_700_000_000_123_456_789n, "out"],
      [1_700_000_001_000_000_000n, "in"],
      [1_700_000_001_999_999_999n, "out"],
    ]);
    expect(link.capture).toMatchObject({ frames: 3, droppedFrames: 0, error: null });
    expect(link.notices).toEqual([]);
  });

  it("is readable while the link lives, and empty but valid without frames", async () => {
    const { link, here, there } = await bench();
    await expect.poll(() => parse().length).toBe(0);
    here.link.send(numbered(here.link, there.link, 1));
    await expect.poll(() => parse().length).toBe(1);
    const [record] = parse();
    expect(Math.abs(Number(record!.nanoseconds / 1_000_000n) - Date.now())).toBeLessThan(60_000);
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
    // 96 bytes of header in flight and 9 records of 1044 bytes.
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
    let room = HEAD_BYTES + 2 * 104 + 30;
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
    expect(link.notices).toEqual([
      `pcap file ${file}: the disk is full`,
      "capture: 2 frames are not in it",
    ]);
    expect(link.gone).toBe(false);
    await link.close();
    expect(parse()).toHaveLength(2);
  });

  it("completes checksums in the file, and in the file only", async () => {
    const [left, right] = loopbackPair({ features: 15 });
    mac = left.mac;
    const link = await capture(left, file);
    const [here, there] = [new Station(link), new Station(right)];
    const payload = Uint8Array.from({ length: 5000 }, (_, at) => at);
    const segment = superFrame({ version: 4, sequence: 1, flags: 0x18, payload }, 1460);
    const wild = segment.slice();
    wild.set([255, 255], 6);
    here.link.send(segment);
    there.link.send(segment);
    here.link.send(wild);
    expect(await there.expect(2)).toEqual([segment, wild]);
    expect(await here.expect(1)).toEqual([segment]);
    await link.close();
    const records = parse();
    expect(records.map(({ direction }) => direction)).toEqual(["out", "out", "in"]);
    for (const index of [0, 2]) {
      const frame = Uint8Array.from([...new Uint8Array(10), ...records[index]!.bytes]);
      expect(receiveTcp(frame).payload).toEqual(payload);
    }
    expect(records[1]!.bytes).toEqual(wild.subarray(10));
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
    mac = link.mac;
    link.send(frame(link.mac, link.mac, 1, 9000));
    await link.close();
    expect(parse()).toHaveLength(1);
    await (await openNet({ kind: "loopback", pcap: file })).close();
    expect(statSync(file).size).toBe(HEAD_BYTES);
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });
});
