/** Stores for tests, made by hand. */
import { MemoryDevice } from "../src/device.js";
import { dumpLines, type DumpOptions } from "../src/dump.js";
import type { LogUnitBytes } from "../src/layout.js";
import { Restorer } from "../src/restore.js";
import { Store } from "../src/store.js";
import { StoreWriter, type EntryHead } from "../src/store-writer.js";

export interface Entry extends EntryHead {
  readonly value: Uint8Array;
}

/** Bytes that repeat nowhere near. */
export function pattern(bytes: number, seed = 0): Buffer {
  const made = Buffer.alloc(bytes);
  for (let at = 0; at < bytes; at++) made[at] = Math.imul(at + seed * 7919, 2_654_435_761) >>> 24;
  return made;
}

export function entry(
  key: string,
  value: string | Uint8Array,
  version = 1n,
  expires?: bigint,
): Entry {
  const bytes = typeof value === "string" ? Buffer.from(value) : value;
  return { key: Buffer.from(key), value: bytes, version, expires: expires ?? null };
}

/** Ascending keys `k000000` …, with values of so many bytes; every fifth expires. */
export function* numbered(count: number, bytes: (at: number) => number): Generator<Entry> {
  for (let at = 0; at < count; at++)
    yield entry(
      `k${String(at).padStart(6, "0")}`,
      pattern(bytes(at), at),
      BigInt(at + 1),
      at % 5 === 0 ? BigInt(1_800_000_000_000 + (Math.imul(at, 2_654_435_761) >>> 8)) : undefined,
    );
}

export function storeOf(
  entries: Iterable<Entry>,
  bytes = 64 * 4096,
  logUnitBytes: LogUnitBytes = 512,
): MemoryDevice {
  const device = new MemoryDevice(new Uint8Array(bytes));
  const writer = new StoreWriter(device, { logUnitBytes });
  try {
    for (const { value, ...head } of entries) writer.put(head, value);
    writer.finish(0x1234n, 0n);
  } finally {
    writer.close();
  }
  return device;
}

export function dump(device: MemoryDevice, options?: DumpOptions): string {
  return [...dumpLines(new Store(device), options)].join("");
}

/** @param pieceBytes in which it arrives */
export function restored(text: string, bytes = 64 * 4096, pieceBytes = 65_536): MemoryDevice {
  const device = new MemoryDevice(new Uint8Array(bytes));
  const restorer = new Restorer(device, { logUnitBytes: 512 });
  const all = Buffer.from(text);
  try {
    for (let at = 0; at < all.length; at += pieceBytes)
      restorer.write(all.subarray(at, at + pieceBytes));
    restorer.finish();
  } finally {
    restorer.close();
  }
  return device;
}
