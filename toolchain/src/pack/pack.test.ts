import { Opcode, readFunctionNames, Writer } from "@phantasm/seal";
import loadWabt from "wabt";
import { describe, expect, test } from "vitest";
import { coreImage, type AddedData, type CoreImage } from "../link/core.js";
import { BEHIND_BYTES, RangeEncoder } from "./coder.js";
import { compress, Context } from "./compress.js";
import { packData } from "./pack.js";

const wabt = await loadWabt();
const PAGE = 65_536;

interface Piece {
  readonly at: number;
  readonly data: Uint8Array;
}

function escaped(data: Uint8Array): string {
  return [...data].map((byte) => `\\${byte.toString(16).padStart(2, "0")}`).join("");
}

/** A core whose `init` adds one to the word at 16 when it has something to do. */
function core(
  pieces: readonly Piece[],
  added: readonly AddedData[] = [],
  { busy = false, pages = 1, maximum = 8 } = {},
): CoreImage {
  const work = "(i32.store (i32.const 16) (i32.add (i32.load (i32.const 16)) (i32.const 1)))";
  const source = `(module
    (import "phantasm" "abort" (func $abort (param i32 i32 i32)))
    (memory (export "memory") ${pages} ${maximum})
    (func $start ${busy ? work : ""})
    (func (export "step") (param i64 i32) (result i64) (i64.const 0))
    (export "init" (func $start))
    ${pieces.map(({ at, data }) => `(data (i32.const ${at}) "${escaped(data)}")`).join("\n")})`;
  const module = wabt.parseWat("test.wat", source);
  try {
    return coreImage(module.toBinary({ write_debug_names: true }).buffer, added);
  } finally {
    module.destroy();
  }
}

function booted({ bytes }: CoreImage): Uint8Array {
  const module = new WebAssembly.Module(bytes as Uint8Array<ArrayBuffer>);
  const { exports } = new WebAssembly.Instance(module, { phantasm: { abort: () => 0 } });
  (exports["init"] as () => void)();
  return new Uint8Array((exports["memory"] as WebAssembly.Memory).buffer);
}

/** The same numbers for the same seed. */
function random(seed: number): (below: number) => number {
  let state = seed + 0x9e3779b9;
  return (below) => {
    state = Math.imul(state ^ (state >>> 15), 0x85ebca6b) ^ (state << 7);
    state = (state + 0x6d2b79f5) | 0;
    return ((state ^ (state >>> 13)) >>> 0) % below;
  };
}

/** Strings as the compiler lays them out, tables, noise, and repetitions of what was there. */
function pieceOf(next: (below: number) => number, length: number): Uint8Array {
  const data = new Uint8Array(length);
  for (let at = 0; at < length;) {
    const end = Math.min(length, at + 1 + next(300));
    const kind = next(5);
    const back = 1 + next(at + 1);
    for (; at < end; at++) {
      if (kind === 0) data[at] = at % 2 === 0 ? 97 + next(26) : 0;
      else if (kind === 1) data[at] = next(256);
      else if (kind === 2 && at >= back) data[at] = data[at - back] ?? 0;
      else if (kind === 3) data[at] = 0xff;
    }
  }
  data[0] = 1;
  data[length - 1] = 1;
  return data;
}

describe("packed data", () => {
  test.each(Array.from({ length: 12 }, (_, seed) => seed))(
    "are in memory when init has run, whatever they are (seed %i)",
    async (seed) => {
      const next = random(seed);
      const pieces: Piece[] = [];
      const added: AddedData[] = [];
      let at = 1024 + next(2000);
      for (let count = 1 + next(4); count > 0; count--) {
        const data = pieceOf(next, 800 + next(6000));
        pieces.push({ at, data });
        at += data.length + next(2) * next(20_000);
        if (next(3) > 0) continue;
        const bytes = pieceOf(next, 1 + next(3000));
        added.push({ address: at, bytes });
        at += bytes.length;
      }
      const plain = core(pieces, added, { busy: next(2) === 0, pages: Math.ceil(at / PAGE) });
      const packed = await packData(plain, added);
      expect(packed.bytes.length).toBeLessThanOrEqual(plain.bytes.length);
      const [expected, memory] = [booted(plain), booted(packed)];
      expect(Buffer.from(memory.subarray(0, expected.length)).equals(expected)).toBe(true);
      expect(memory.subarray(expected.length).every((byte) => byte === 0)).toBe(true);
    },
  );

  test("stay as they are where packing makes nothing smaller", async () => {
    const plain = core([{ at: 1024, data: Uint8Array.of(1, 2, 3) }]);
    expect(await packData(plain, [])).toBe(plain);
    const empty = core([]);
    expect(await packData(empty, [])).toBe(empty);
  });

  test("stay as they are where packing would take minutes", async () => {
    const data = new Uint8Array(2 ** 20 + 1).fill(7);
    const plain = core([{ at: 1024, data }], [], { pages: 17, maximum: 32 });
    expect(await packData(plain, [])).toBe(plain);
  });

  test("take another page when memory has no room for what unpacks them", async () => {
    const data = new Uint8Array(PAGE - 512).fill(7);
    const plain = core([{ at: 512, data }]);
    const packed = await packData(plain, []);
    expect(packed.memory).toEqual({ minimum: 2, maximum: 8 });
    expect(Buffer.from(booted(packed).subarray(512, PAGE)).equals(data)).toBe(true);
    const tight = core([{ at: 512, data }], [], { maximum: 1 });
    expect(await packData(tight, [])).toBe(tight);
  });

  test("cost what they have, however large memory begins", async () => {
    const data = pieceOf(random(2), 4000);
    const pages = 65_536;
    const packed = await packData(core([{ at: 1024, data }], [], { pages, maximum: pages }), []);
    expect(packed.memory).toEqual({ minimum: pages, maximum: pages });
    expect([...packed.functions.keys()]).toHaveLength(5);
  });

  test("leave what init did, and run it once", async () => {
    const data = new Uint8Array(4000).fill(5);
    const packed = await packData(core([{ at: 1024, data }], [], { busy: true }), []);
    expect(booted(packed)[16]).toBe(1);
  });

  test("are unpacked by functions that have names and a place", async () => {
    const plain = core([{ at: 1024, data: new Uint8Array(4000).fill(5) }]);
    const { names, functions, bytes, relocation } = await packData(plain, []);
    const labels = readFunctionNames(names);
    expect([...labels.values()].slice(-3)).toEqual(
      ["bit", "number", "unpack"].map((name) => `~lib/@phantasm/runtime/unpack/${name}`),
    );
    expect([...functions.keys()]).toEqual([1, 2, 3, 4, 5]);
    for (const { end } of functions.values()) expect(bytes[end - 1]).toBe(Opcode.END);
    const [first] = plain.functions.values();
    expect(relocation.apply(first?.start ?? 0)).toBe(functions.get(1)?.start);
  });

  test("are the same bytes each time", async () => {
    const pieces = [{ at: 1024, data: pieceOf(random(1), 9000) }];
    const [one, two] = [await packData(core(pieces), []), await packData(core(pieces), [])];
    expect(Buffer.from(one.bytes).equals(two.bytes)).toBe(true);
  });
});

test("text in UTF-16 behind headers takes less than a third", () => {
  const words = ["received", "malformed", "accepted", "refused", "evicted", "sent", "unknown"];
  const memory = new Writer(PAGE);
  memory.raw(new Uint8Array(1024));
  for (let index = 0; index < 100; index++) {
    const text = `${words[index % 7] ?? ""}-${words[(index * 3) % 5] ?? ""}`;
    memory.raw([28, ...new Uint8Array(11), 2, 0, 0, 0, 2 * text.length, 0, 0, 0]);
    memory.raw(Buffer.from(text, "utf16le"));
    memory.raw(new Uint8Array(16 - (memory.length % 16)));
  }
  const bytes = memory.finish();
  const packed = compress(bytes, [{ start: 1024, end: bytes.length }]);
  expect(packed.length).toBeLessThan((bytes.length - 1024) / 3);
});

test("a carry runs through the bytes that are out", () => {
  // The interval ends near the top again and again, then a rare bit lifts it over.
  for (let ones = 0; ones < 200; ones++) {
    const encoder = new RangeEncoder(Context.COUNT);
    for (let count = 0; count < ones; count++) encoder.bit(0, 1);
    for (let count = 0; count < 40; count++) encoder.bit(1, count % 2);
    expect(decoded(encoder.finish(), [...new Array<number>(ones).fill(0), ...ONES_AND_ZEROS])).toBe(
      `${"1".repeat(ones)}${"01".repeat(20)}`,
    );
  }
});

test("the decoder looks no farther than it may, whatever the last bytes are", () => {
  const behind = [...new Array<number>(BEHIND_BYTES).fill(0), ...new Array<number>(8).fill(0xff)];
  for (let bits = 1; bits < 300; bits++) {
    const encoder = new RangeEncoder(Context.COUNT);
    const contexts = Array.from({ length: bits }, (_, context) => context);
    for (const context of contexts) encoder.bit(context, 0);
    const bytes = Uint8Array.from([...encoder.finish(), ...behind]);
    expect(decoded(bytes, contexts)).toBe("0".repeat(bits));
  }
});

const ONES_AND_ZEROS = new Array<number>(40).fill(1);

/** What a decoder written a second time makes of the bytes. */
function decoded(bytes: Uint8Array, contexts: readonly number[]): string {
  const probabilities = new Map<number, number>();
  let [range, code, at] = [1, 0, 0];
  return contexts
    .map((context) => {
      for (; range < 2 ** 24; range *= 256) code = code * 256 + (bytes[at++] ?? 0);
      const probability = probabilities.get(context) ?? 0x0808;
      const bound = Math.floor(range / 4096) * probability;
      const bit = code >= bound ? 1 : 0;
      if (bit === 1) code -= bound;
      range = bit === 1 ? range - bound : bound;
      const kept = probability - Math.floor(probability / 16);
      probabilities.set(context, bit === 1 ? kept : kept + 255);
      return String(bit);
    })
    .join("");
}
