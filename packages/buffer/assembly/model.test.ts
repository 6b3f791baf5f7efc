/**
 * Random operations beside a model that knows nothing of buffers: each slice is a list of the bytes that
 * were written to it. Bytes that two slices may not both have would show as bytes nobody wrote.
 */
import { expect, test } from "@phantasm/testing";
import { BufferPool } from "./pool";
import { Slice } from "./slice";

const BUFFERS: i32 = 5;
const SHARES: i32 = 7;
const BUFFER_BYTES: i32 = 48;
const HEADROOM_BYTES: i32 = 10;
const STEPS: i32 = 400;
const SEEDS: u32 = 120;

class ModelBuffer {
  slices: i32 = 0;
}

/** What a slice should be. */
class Model {
  /** Where it begins in its buffer. */
  start: i32 = HEADROOM_BYTES;
  content: u8[] = [];
  /** As far as it may grow when it is not alone, and whether it may at all. */
  low: i32 = 0;
  high: i32 = BUFFER_BYTES;
  shared: bool = false;

  constructor(
    readonly buffer: ModelBuffer,
    public slice: Slice,
  ) {
    buffer.slices++;
  }

  get length(): i32 {
    return this.content.length;
  }

  get isAlone(): bool {
    return this.buffer.slices == 1;
  }

  get headroom(): i32 {
    if (this.isAlone) return this.start;
    return this.shared ? 0 : this.start - this.low;
  }

  get tailroom(): i32 {
    const end = this.start + this.length;
    if (this.isAlone) return BUFFER_BYTES - end;
    return this.shared ? 0 : this.high - end;
  }

  get isFrozen(): bool {
    return this.shared && !this.isAlone;
  }

  /** Alone again, it may have the whole buffer. */
  settle(): void {
    if (!this.isAlone) return;
    this.low = 0;
    this.high = BUFFER_BYTES;
    this.shared = false;
  }
}

class Run {
  readonly pool: BufferPool = new BufferPool(
    "model",
    BUFFERS,
    BUFFER_BYTES,
    HEADROOM_BYTES,
    SHARES,
  );
  readonly held: Model[] = [];
  private buffers: i32 = 0;
  private lowest: i32 = BUFFERS;
  private refusedTakes: u64 = 0;
  private refusedShares: u64 = 0;
  private step: i32 = 0;
  private state: u32;

  constructor(readonly seed: u32) {
    this.state = seed * 2654435761 + 1;
  }

  /** 0 to bound - 1; xorshift32. */
  random(bound: i32): i32 {
    this.state ^= this.state << 13;
    this.state ^= this.state >> 17;
    this.state ^= this.state << 5;
    return <i32>((this.state >> 8) % <u32>bound);
  }

  check(holds: bool, what: string): void {
    assert(holds, `seed ${this.seed}, step ${this.step}: ${what}`);
  }

  perform(): void {
    for (this.step = 0; this.step < STEPS; this.step++) {
      this.once();
      this.compare();
    }
    while (this.held.length > 0) this.release(this.held.length - 1);
    this.compare();
  }

  private once(): void {
    const action = this.random(16);
    if (action < 3 || this.held.length == 0) return this.take();
    const index = this.random(this.held.length);
    const model = this.held[index];
    if (action < 5) return this.release(index);
    if (action < 7) return this.share(model);
    if (action < 9) return this.split(model);
    if (action == 9) return this.prepend(model);
    if (action == 10) return this.append(model);
    if (action == 11) return this.trimFront(model);
    if (action == 12) return this.trimEnd(model);
    if (action == 13) return this.copy(model);
    if (action == 14) {
      model.slice = model.slice.move("moved");
      return;
    }
    this.write(model, 0, model.length);
  }

  private take(): void {
    const slice = this.pool.take("model");
    if (this.buffers == BUFFERS) {
      this.check(slice === null, "a buffer beyond the capacity");
      this.refusedTakes++;
      return;
    }
    this.check(slice !== null, "no buffer, but one is free");
    this.buffers++;
    this.lowest = min(this.lowest, BUFFERS - this.buffers);
    this.held.push(new Model(new ModelBuffer(), slice!));
  }

  private release(index: i32): void {
    const model = this.held[index];
    this.held[index] = this.held[this.held.length - 1];
    this.held.pop();
    model.slice.release();
    if (--model.buffer.slices == 0) this.buffers--;
  }

  /** Whether the pool has a slice for a share or a split, and it gave one. */
  private gave(other: Slice | null): bool {
    const expected = this.sharesHeld() < SHARES;
    this.check((other !== null) == expected, "slices for shares");
    if (!expected) this.refusedShares++;
    return expected;
  }

  private share(model: Model): void {
    const other = model.slice.share("share");
    if (!this.gave(other)) return;
    model.shared = true;
    const twin = new Model(model.buffer, other!);
    twin.start = model.start;
    twin.content = model.content.slice();
    twin.shared = true;
    this.held.push(twin);
  }

  private split(model: Model): void {
    const at = this.random(model.length + 1);
    const other = model.slice.split(at, "split");
    if (!this.gave(other)) return;
    model.settle();
    const rest = new Model(model.buffer, other!);
    rest.start = model.start + at;
    rest.content = model.content.slice(at);
    rest.low = rest.start;
    rest.high = model.high;
    rest.shared = model.shared;
    model.high = rest.start;
    model.content = model.content.slice(0, at);
    this.held.push(rest);
  }

  private prepend(model: Model): void {
    const bytes = this.random(model.headroom + 1);
    model.slice.prepend(bytes);
    model.start -= bytes;
    const content: u8[] = [];
    for (let at = 0; at < bytes; at++) content.push(0);
    model.content = content.concat(model.content);
    this.write(model, 0, bytes);
  }

  private append(model: Model): void {
    const bytes = this.random(model.tailroom + 1);
    model.slice.append(bytes);
    const from = model.length;
    for (let at = 0; at < bytes; at++) model.content.push(0);
    this.write(model, from, bytes);
  }

  private trimFront(model: Model): void {
    const bytes = this.random(model.length + 1);
    model.slice.trimFront(bytes);
    model.start += bytes;
    model.content = model.content.slice(bytes);
  }

  private trimEnd(model: Model): void {
    const bytes = this.random(model.length + 1);
    model.slice.trimEnd(bytes);
    model.content = model.content.slice(0, model.length - bytes);
  }

  private copy(model: Model): void {
    const target = this.held[this.random(this.held.length)];
    if (target.isFrozen) return;
    const bytes = this.random(min(model.length, target.length) + 1);
    const from = this.random(model.length - bytes + 1);
    const to = this.random(target.length - bytes + 1);
    const content = model.content.slice(from, from + bytes);
    model.slice.copyTo(from, target.slice, to, bytes);
    for (let at = 0; at < bytes; at++) target.content[to + at] = content[at];
  }

  private write(model: Model, from: i32, bytes: i32): void {
    if (model.isFrozen) return;
    for (let at = from; at < from + bytes; at++) {
      const value = <u8>this.random(256);
      model.content[at] = value;
      model.slice.setU8(at, value);
    }
  }

  private sharesHeld(): i32 {
    let shares = 0;
    for (let index = 0; index < this.held.length; index++)
      if (this.held[index].slice.index >= BUFFERS) shares++;
    return shares;
  }

  private compare(): void {
    const pool = this.pool;
    this.check(pool.free == BUFFERS - this.buffers, "free buffers");
    this.check(pool.lowWater == this.lowest, "low water");
    this.check(pool.exhausted == this.refusedTakes, "takes that were refused");
    this.check(pool.sharesExhausted == this.refusedShares, "shares that were refused");
    this.check(pool.freeSlices == SHARES - this.sharesHeld(), "free slices");
    for (let index = 0; index < this.held.length; index++) {
      const model = this.held[index];
      const slice = model.slice;
      this.check(slice.length == model.length, "length");
      this.check(slice.headroom == model.headroom, "headroom");
      this.check(slice.tailroom == model.tailroom, "tailroom");
      this.check(slice.isShared == model.isFrozen, "shared");
      for (let at = 0; at < model.length; at++)
        this.check(slice.u8(at) == model.content[at], `byte ${at}`);
    }
  }
}

test("any sequence of operations is as if every slice had bytes of its own", () => {
  let refused: u64 = 0;
  for (let seed: u32 = 1; seed <= SEEDS; seed++) {
    const run = new Run(seed);
    run.perform();
    refused += run.pool.exhausted * run.pool.sharesExhausted;
  }
  expect(refused).toBeGreaterThan(0);
});
