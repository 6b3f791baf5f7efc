import { randomInt } from "node:crypto";
import { MemoryDevice, xxh64 } from "@phantasm/kv-format";
import { expect, test } from "vitest";
import { compiledTestZones, testZones, zonesOf } from "../../dns-server/test/zone-files.js";
import { compileZones } from "./compile.js";
import { CompiledError, CompiledZones } from "./compiled.js";
import {
  DISK_BYTES_MIN,
  ZoneDiskError,
  readContent,
  readHeaders,
  roomOf,
  writeZones,
} from "./disk.js";
import { dumpZone } from "./dump.js";
import { nameText } from "./name.js";

function dump(zones: CompiledZones): Map<string, string> {
  return new Map(
    zones.zones.map((zone) => [
      nameText(zones.nameOf(zone.apex)).slice(0, -1),
      [...dumpZone(zones, zone)].join(""),
    ]),
  );
}

test("what was compiled is found good, and its dump compiles to the same bytes", () => {
  const bytes = compiledTestZones();
  const zones = new CompiledZones(bytes);
  expect(zones.zones).toHaveLength(testZones().length);
  const texts = dump(zones);
  const again = zonesOf(
    [...texts.keys()].map((origin) => ({ path: origin, origin })),
    (path) => texts.get(path) ?? null,
  );
  expect(again.problems.errors).toEqual([]);
  expect(compileZones(again.zones).equals(bytes)).toBe(true);
});

test("names that were chosen so that looking for them is slow are not compiled", () => {
  const inverse = (factor: number): number => {
    let result = factor;
    for (let round = 0; round < 5; round++)
      result = Math.imul(result, 2 - Math.imul(factor, result));
    return result;
  };
  // What leads to a hash, by the last four of eight bytes below the node at byte 96, the apex.
  const lastWord = (first: number, hash: number): number => {
    let state = Math.imul(Math.imul(96 ^ 8, 0x9e3779b1) ^ first, 0x85ebca6b);
    state ^= state >>> 15;
    hash = Math.imul(hash ^ (hash >>> 16), inverse(0xc2b2ae35));
    return state ^ Math.imul(hash ^ (hash >>> 15) ^ (hash >>> 30), inverse(0x85ebca6b));
  };
  const label = (...words: readonly number[]): string => {
    const bytes = Buffer.alloc(8);
    words.forEach((word, index) => bytes.writeInt32LE(word, 4 * index));
    return [...bytes].map((byte) => `\\${String(byte).padStart(3, "0")}`).join("");
  };
  const compile = (step: number): Buffer => {
    const lines = ["$TTL 1h", "@ SOA . . 1 2h 30m 2w 10m", "@ NS ."];
    for (let seed = 0; lines.length < 2500; seed++) {
      const name = label(seed, lastWord(seed, 0x1234 + step * lines.length));
      if (!/\\0(6[5-9]|[78]\d|90)/.test(name)) lines.push(`${name} A 192.0.2.1`);
    }
    const { zones, problems } = zonesOf([{ path: "a", origin: "a" }], () => lines.join("\n"));
    expect(problems.errors).toEqual([]);
    return compileZones(zones);
  };
  for (const step of [0, 1])
    expect(() => compile(step)).toThrow(/^names such as .*\.a\. were chosen/);
  expect(new CompiledZones(compile(7)).records).toBe(2499);
});

test("changed bytes are found, or do no harm", () => {
  const bytes = compiledTestZones();
  const seed = Number(process.env["PHANTASM_ZONES_SEED"] ?? randomInt(2 ** 31));
  let state = seed;
  const below = (bound: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * bound);
  };
  let found = 0;
  for (let round = 0; round < 300; round++) {
    const changed = Buffer.from(bytes);
    for (let left = 1 + below(3); left > 0; left--) changed[below(bytes.length)] = below(256);
    try {
      dump(new CompiledZones(changed));
    } catch (error) {
      if (!(error instanceof CompiledError))
        throw new Error(`seed ${seed}, round ${round}`, { cause: error });
      found++;
    }
  }
  expect(found, `seed ${seed}`).toBeGreaterThan(100);
});

test("a disk: generations alternate, and each is whole or is not there", () => {
  const bytes = compiledTestZones();
  const size = DISK_BYTES_MIN + 2 * bytes.length;
  const device = new MemoryDevice(new Uint8Array(size));
  expect(readHeaders(device)).toEqual({
    good: [],
    bad: ["header 0: it is empty", "header 1: it is empty"],
  });
  const first = writeZones(device, bytes);
  const second = writeZones(device, bytes);
  const third = writeZones(device, bytes.subarray(0, 4000));
  expect([first, second, third].map(({ generation }) => Number(generation))).toEqual([1, 2, 3]);
  expect(readHeaders(device).good).toEqual([third, second]);
  expect(readContent(device, third).equals(bytes.subarray(0, 4000))).toBe(true);
  device.content[third.offset + 17]! ^= 1;
  expect(() => readContent(device, third)).toThrow(ZoneDiskError);
  expect(readContent(device, second).equals(bytes)).toBe(true);
  device.content[4096 + 30]! ^= 1;
  expect(readHeaders(device)).toEqual({
    good: [second],
    bad: ["header 1: its checksum does not fit"],
  });
  expect(() => writeZones(device, new Uint8Array(roomOf(size) + 1))).toThrow(/has room for/);
});

test("every prefix of a write leaves the generation before, or the new one", () => {
  const bytes = compiledTestZones();
  const size = DISK_BYTES_MIN + 2 * bytes.length;
  const device = new MemoryDevice(new Uint8Array(size));
  writeZones(device, bytes);
  const changed = Buffer.from(bytes);
  changed.writeUInt32LE(4711, 60);
  const writes: { from: Uint8Array; position: number }[] = [];
  const copy = Uint8Array.from(device.content);
  class Recording extends MemoryDevice {
    override write(from: Uint8Array, position: number): void {
      writes.push({ from: Uint8Array.from(from), position });
      super.write(from, position);
    }
  }
  writeZones(new Recording(copy), changed);
  const total = writes.reduce((sum, { from }) => sum + from.length, 0);
  for (let cut = 0; cut <= total; cut += 512) {
    const torn = new MemoryDevice(Uint8Array.from(device.content));
    let left = cut;
    for (const { from, position } of writes) {
      torn.content.set(from.subarray(0, left), position);
      left = Math.max(0, left - from.length);
    }
    const [newest] = readHeaders(torn).good;
    const content = readContent(torn, newest!);
    expect(content.equals(newest!.generation === 2n ? changed : bytes)).toBe(true);
  }
});

test("a header that promises more than zones may have is refused before anything is read", () => {
  const disk = new MemoryDevice(new Uint8Array(DISK_BYTES_MIN));
  const { generation } = writeZones(disk, compileZones([]));
  const header = Buffer.alloc(72);
  disk.read(header, 4096 * Number(generation & 1n));
  header.writeBigUInt64LE(1n << 45n, 32);
  header.writeBigUInt64LE(xxh64(header.subarray(0, 64)), 64);
  disk.write(header, 4096 * Number(generation & 1n));
  const { good, bad } = readHeaders({
    bytes: 2 ** 46,
    read: (into, position) => disk.read(into, position),
  });
  expect(good).toEqual([]);
  expect(bad).toContain(
    "header 1: its content would have 35184372088832 bytes, and zones have at most 67108864",
  );
});
