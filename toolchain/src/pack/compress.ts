/**
 * LZ77 with a range coder, for the few kilobytes of static data that an image has: most are strings in UTF-16
 * behind equal headers. `unpacker.ts` is the other side. What is chosen here changes the size, not the format.
 */
import { Prices, RangeEncoder } from "./coder.js";

/** Bytes of memory that are to be filled. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

/** Where contexts lie in the table of probabilities. */
export const Context = {
  /** A copy follows, and not a byte; the second after a copy. */
  COPY: 0,
  /** The copy is from as far as the one before it. */
  REPEAT: 2,
  DISTANCE: 4,
  LENGTH: 68,
  BYTE: 132,
  COUNT: 388,
} as const;

/** Earlier places that are looked at for one that begins equally. */
const CHAIN_MAX = 48;
/** A copy of so many bytes is taken as it is: shorter ones and farther ones are not tried. */
const LENGTH_ENOUGH = 64;
/** Bytes that a place must have in common to be found. */
const LENGTH_MIN = 3;
const PASSES = 4;

interface Token {
  readonly at: number;
  readonly length: number;
  /** 0: a byte. */
  readonly distance: number;
}

/** Copies that could be made at an address, longest last. */
type Candidates = readonly { readonly distance: number; readonly length: number }[];

/** Memory and what of it is packed; what lies between the ranges may be anything when they are unpacked. */
class Source {
  readonly memory: Uint8Array;
  readonly ranges: readonly Range[];
  /** By distance the last place from which much was equal, and its end: a long run is compared once. */
  readonly #equal = new Map<number, Range>();

  constructor(memory: Uint8Array, ranges: readonly Range[]) {
    this.memory = memory;
    this.ranges = ranges;
  }

  /** How many bytes a copy to `at` may have, in a range that ends at `end`. */
  common(from: number, at: number, end: number): number {
    const known = this.#equal.get(at - from);
    if (known && known.start <= at && at < known.end) return known.end - at;
    const limit = this.ranges.find((range) => range.start <= from && from < range.end)?.end ?? from;
    const most = limit === end ? end - at : Math.min(end - at, limit - from);
    let length = 0;
    while (length < most && this.memory[from + length] === this.memory[at + length]) length++;
    if (length >= LENGTH_ENOUGH) this.#equal.set(at - from, { start: at, end: at + length });
    return length;
  }
}

/** By address; also across ranges, in the order in which they are unpacked. */
function findCandidates(source: Source): Map<number, Candidates> {
  const { memory, ranges } = source;
  const found = new Map<number, Candidates>();
  const last = new Map<number, number>();
  const before = new Map<number, number>();
  for (const { start, end } of ranges) {
    for (let at = start; at + LENGTH_MIN <= end; at++) {
      const key = (memory[at] ?? 0) | ((memory[at + 1] ?? 0) << 8) | ((memory[at + 2] ?? 0) << 16);
      const candidates: Candidates[number][] = [];
      let longest = LENGTH_MIN - 1;
      let from = last.get(key);
      for (let tried = 0; from !== undefined && tried < CHAIN_MAX; tried++) {
        const length = source.common(from, at, end);
        if (length > longest) {
          candidates.push({ distance: at - from, length });
          longest = length;
        }
        if (longest >= LENGTH_ENOUGH) break;
        from = before.get(from);
      }
      const previous = last.get(key);
      if (previous !== undefined) before.set(at, previous);
      last.set(key, at);
      found.set(at, candidates);
    }
  }
  return found;
}

/** The cheapest way through one range at given prices. */
class Path {
  readonly #source: Source;
  readonly #range: Range;
  readonly #prices: Prices;
  readonly #price: Float64Array;
  /** Of the last token on the way to each place. */
  readonly #length: Uint32Array;
  readonly #distance: Uint32Array;
  /** Of the last copy on the way. */
  readonly #repeat: Uint32Array;

  constructor(source: Source, range: Range, prices: Prices, repeat: number) {
    const places = range.end - range.start + 1;
    this.#source = source;
    this.#range = range;
    this.#prices = prices;
    this.#price = new Float64Array(places).fill(Infinity);
    this.#length = new Uint32Array(places);
    this.#distance = new Uint32Array(places);
    this.#repeat = new Uint32Array(places);
    this.#price[0] = 0;
    this.#repeat[0] = repeat;
  }

  find(candidates: ReadonlyMap<number, Candidates>): Token[] {
    const { start, end } = this.#range;
    for (let at = start; at < end; at++) {
      const place = at - start;
      const afterCopy = (this.#distance[place] ?? 0) === 0 ? 0 : 1;
      const copy = (this.#price[place] ?? 0) + this.#prices.bit(Context.COPY + afterCopy, 1);
      this.#byte(place, afterCopy);
      const repeat = this.#repeat[place] ?? 0;
      if (afterCopy === 0 && repeat > 0 && repeat <= at) {
        const length = this.#source.common(at - repeat, at, end);
        this.#copies(place, repeat, 1, length, copy + this.#prices.bit(Context.REPEAT, 1));
      }
      const fresh = afterCopy === 0 ? this.#prices.bit(Context.REPEAT, 0) : 0;
      for (const { distance, length } of candidates.get(at) ?? []) {
        const price = copy + fresh + this.#prices.number(Context.DISTANCE, distance);
        this.#copies(place, distance, 2, length, price);
      }
    }
    return this.#tokens();
  }

  #byte(place: number, afterCopy: number): void {
    const value = this.#source.memory[this.#range.start + place] ?? 0;
    const price = this.#prices.bit(Context.COPY + afterCopy, 0) + bytePrice(this.#prices, value);
    this.#reach(place, 1, 0, (this.#price[place] ?? 0) + price);
  }

  #copies(place: number, distance: number, from: number, longest: number, price: number): void {
    const shorter = longest < LENGTH_ENOUGH ? from : longest;
    for (let length = shorter; length <= longest; length++) {
      const whole = price + this.#prices.number(Context.LENGTH, length);
      this.#reach(place, length, distance, whole);
    }
  }

  #reach(place: number, length: number, distance: number, price: number): void {
    const to = place + length;
    if (price >= (this.#price[to] ?? 0)) return;
    this.#price[to] = price;
    this.#length[to] = length;
    this.#distance[to] = distance;
    this.#repeat[to] = distance === 0 ? (this.#repeat[place] ?? 0) : distance;
  }

  #tokens(): Token[] {
    const tokens: Token[] = [];
    for (let place = this.#price.length - 1; place > 0;) {
      const length = this.#length[place] ?? 0;
      const distance = this.#distance[place] ?? 0;
      place -= length;
      tokens.push({ at: this.#range.start + place, length, distance });
    }
    return tokens.reverse();
  }
}

/** The eight bits of a byte, highest first; each has a context for each way to it. */
function* byteBits(value: number): Iterable<readonly [context: number, bit: number]> {
  for (let node = 1, shift = 7; shift >= 0; shift--) {
    const bit = (value >> shift) & 1;
    yield [Context.BYTE + node, bit];
    node = 2 * node + bit;
  }
}

function bytePrice(prices: Prices, value: number): number {
  let price = 0;
  for (const [context, bit] of byteBits(value)) price += prices.bit(context, bit);
  return price;
}

/** Writes what the decoder does: the ranges, and in each its bytes and copies. */
class Output {
  readonly encoder = new RangeEncoder(Context.COUNT);
  /** Distance of the last copy. */
  repeat = 0;
  #end = 0;

  range(memory: Uint8Array, { start, end }: Range, tokens: readonly Token[]): void {
    this.encoder.number(Context.DISTANCE, start - this.#end);
    this.encoder.number(Context.LENGTH, end - start);
    this.#end = end;
    let afterCopy = 0;
    for (const { at, length, distance } of tokens) {
      const isCopy = distance === 0 ? 0 : 1;
      this.encoder.bit(Context.COPY + afterCopy, isCopy);
      if (isCopy === 0) {
        for (const [context, bit] of byteBits(memory[at] ?? 0)) this.encoder.bit(context, bit);
      } else {
        const repeats = distance === this.repeat ? 1 : 0;
        if (afterCopy === 0) this.encoder.bit(Context.REPEAT, repeats);
        if (afterCopy === 1 || repeats === 0) this.encoder.number(Context.DISTANCE, distance);
        this.encoder.number(Context.LENGTH, length);
        this.repeat = distance;
      }
      afterCopy = isCopy;
    }
  }
}

/**
 * @param memory as it is to be
 * @param ranges what of it, ascending, none empty or at address 0, no two touching
 */
export function compress(memory: Uint8Array, ranges: readonly Range[]): Uint8Array {
  const source = new Source(memory, ranges);
  const candidates = findCandidates(source);
  let prices = new Prices(new RangeEncoder(Context.COUNT).probabilities);
  let best: Uint8Array | undefined;
  // The prices of a pass are what the pass before it ended with.
  for (let pass = 0; pass < PASSES; pass++) {
    const output = new Output();
    for (const range of ranges)
      output.range(memory, range, new Path(source, range, prices, output.repeat).find(candidates));
    prices = new Prices(output.encoder.probabilities);
    const bytes = output.encoder.finish();
    if (best === undefined || bytes.length < best.length) best = bytes;
  }
  return best ?? new Uint8Array(0);
}
