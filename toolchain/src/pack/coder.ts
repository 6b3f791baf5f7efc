/**
 * A binary range coder with adaptive probabilities, as LZMA has (I. Pavlov, "LZMA specification"; G. Martin,
 * "Range encoding", 1979). Integers only: the same bytes on every machine.
 */

/** The probability that a bit is 0 is a fraction of this. */
export const SCALE_BITS = 12;
const SCALE = 1 << SCALE_BITS;
/** The decoder fills the table with one byte: 0x0808 is as good as a half. */
export const UNKNOWN = 0x0808;
/** A bit moves its probability by a sixteenth of what is left; it stays between 15 and 4080. */
export const ADAPT_SHIFT = 4;
export const ADAPT_ZERO = (SCALE >> ADAPT_SHIFT) - 1;
/** The decoder may look at so many zeros behind the last byte. */
export const BEHIND_BYTES = 4;
/** Below this range, a byte goes out. */
const RANGE_MIN = 2 ** 24;

export class RangeEncoder {
  readonly probabilities: Uint16Array;
  readonly #bytes: number[] = [];
  /** At most 2³² beyond what is out: a carry may still come. */
  #low = 0;
  /** As the decoder begins: it fetches three bytes before the first bit. */
  #range = RANGE_MIN;

  /** @param contexts that have a probability of their own */
  constructor(contexts: number) {
    this.probabilities = new Uint16Array(contexts).fill(UNKNOWN);
  }

  bit(context: number, bit: number): void {
    const probability = this.probabilities[context] ?? 0;
    const bound = (this.#range >>> SCALE_BITS) * probability;
    if (bit !== 0) this.#low += bound;
    this.#range = bit === 0 ? bound : this.#range - bound;
    this.probabilities[context] =
      probability - (probability >> ADAPT_SHIFT) + (bit === 0 ? ADAPT_ZERO : 0);
    while (this.#range < RANGE_MIN) {
      this.#shift();
      this.#range = (this.#range * 256) >>> 0;
    }
  }

  /** A number from 1 on: for each bit below the highest whether it is there, and what it is; lowest first. */
  number(context: number, value: number): void {
    let at = context;
    for (let rest = value; rest > 1; rest >>>= 1, at += 2) {
      this.bit(at, 1);
      this.bit(at + 1, rest & 1);
    }
    this.bit(at, 0);
  }

  /** The bytes; behind the last one the decoder reads up to BEHIND_BYTES zeros. */
  finish(): Uint8Array {
    // Any number from low up to low + range will do: the one with the most zeros at its end.
    for (let unit = 2 ** 24; unit >= 1; unit /= 256) {
      const rounded = Math.ceil(this.#low / unit) * unit;
      if (rounded >= this.#low + this.#range) continue;
      this.#low = rounded;
      break;
    }
    for (let left = 0; left < 4; left++) this.#shift();
    // The first is what the decoder leaves out: the bits above its range.
    const bytes = this.#bytes.slice(1);
    for (let left = BEHIND_BYTES; left > 0 && bytes.at(-1) === 0; left--) bytes.pop();
    return Uint8Array.from(bytes);
  }

  /** The highest byte of 32 bits goes out, and the carry with it. */
  #shift(): void {
    if (this.#low >= 2 ** 32) {
      let at = this.#bytes.length - 1;
      while (this.#bytes[at] === 0xff) this.#bytes[at--] = 0;
      this.#bytes[at] = (this.#bytes[at] ?? 0) + 1;
      this.#low -= 2 ** 32;
    }
    this.#bytes.push(Math.floor(this.#low / 2 ** 24));
    this.#low = (this.#low % 2 ** 24) * 256;
  }
}

/** Sixteenths of a bit. */
const UNIT = 16;

/** What a bit costs whose probability is `index` of SCALE, in sixteenths of a bit. */
const PRICES = Uint16Array.from({ length: SCALE + 1 }, (_, probability) => {
  // log₂ by squaring four times, one binary place each.
  let mantissa = Math.max(probability, 1);
  let places = 0;
  for (let round = 0; round < 4; round++) {
    mantissa *= mantissa;
    places *= 2;
    while (mantissa >= 2 ** 16) {
      mantissa = Math.floor(mantissa / 2);
      places++;
    }
  }
  // At the scale itself it is 177 places, and the price 0.
  return SCALE_BITS * UNIT - (UNIT - 1) - places;
});

/** What things cost by probabilities that do not move. */
export class Prices {
  readonly #probabilities: Uint16Array;

  constructor(probabilities: Uint16Array) {
    this.#probabilities = probabilities;
  }

  bit(context: number, bit: number): number {
    const probability = this.#probabilities[context] ?? 0;
    return PRICES[bit === 0 ? probability : SCALE - probability] ?? 0;
  }

  number(context: number, value: number): number {
    let price = 0;
    let at = context;
    for (let rest = value; rest > 1; rest >>>= 1, at += 2)
      price += this.bit(at, 1) + this.bit(at + 1, rest & 1);
    return price + this.bit(at, 0);
  }
}
