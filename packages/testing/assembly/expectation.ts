import { failCase } from "./bindings";
import { equal, same } from "./equality";
import { render } from "./render";

/** Characters of a value inside the one-line message; the diff shows it whole. */
const MESSAGE_VALUE_CHARACTERS_MAX: i32 = 60;

function brief(text: string): string {
  if (text.length <= MESSAGE_VALUE_CHARACTERS_MAX) return text;
  return text.substring(0, MESSAGE_VALUE_CHARACTERS_MAX) + "…";
}

/** Says what is expected of a value; made by `expect`. Each check ends the case when it fails. */
export class Expectation<T> {
  constructor(
    private readonly actual: T,
    private readonly negated: bool,
  ) {}

  /** Turns the check that follows into its opposite. */
  get not(): Expectation<T> {
    return new Expectation<T>(this.actual, !this.negated);
  }

  /** The same number or string, or the same object. NaN is NaN. */
  toBe(expected: T): void {
    this.compare(same<T>(this.actual, expected), "to be", render<T>(expected));
  }

  /** As toBe, but arrays, typed arrays and buffers by content, and classes by their `==`. */
  toEqual(expected: T): void {
    this.compare(equal<T>(this.actual, expected), "to equal", render<T>(expected));
  }

  toBeTruthy(): void {
    this.check(!!this.actual, "to be truthy");
  }

  toBeFalsy(): void {
    this.check(!this.actual, "to be falsy");
  }

  toBeNull(): void {
    let isNull: bool = false;
    if (isReference<T>()) isNull = changetype<usize>(this.actual) == 0;
    this.check(isNull, "to be null");
  }

  toBeGreaterThan(bound: T): void {
    this.check(this.actual > bound, "to be greater than " + render<T>(bound));
  }

  toBeGreaterThanOrEqual(bound: T): void {
    this.check(this.actual >= bound, "to be at least " + render<T>(bound));
  }

  toBeLessThan(bound: T): void {
    this.check(this.actual < bound, "to be less than " + render<T>(bound));
  }

  toBeLessThanOrEqual(bound: T): void {
    this.check(this.actual <= bound, "to be at most " + render<T>(bound));
  }

  /** Differs by less than half a unit of that decimal place. */
  toBeCloseTo(expected: T, digits: i32 = 2): void {
    const distance = Math.abs(<f64>this.actual - <f64>expected);
    const close = distance < Math.pow(10, -digits) / 2 || this.actual == expected;
    this.compare(close, `to be close to (${digits} digits)`, render<T>(expected));
  }

  toHaveLength(length: i32): void {
    const actual: i32 = this.actual.length;
    const pass: bool = actual == length;
    if (pass == this.negated)
      this.fail(`to have length ${length}, not ${actual},`, null, length.toString());
  }

  private check(pass: bool, phrase: string): void {
    if (pass == this.negated) this.fail(phrase, null, null);
  }

  private compare(pass: bool, phrase: string, expected: string): void {
    if (pass != this.negated) return;
    if (this.negated) this.fail(phrase + " " + brief(expected), null, null);
    else this.fail(phrase + " " + brief(expected), render<T>(this.actual), expected);
  }

  private fail(phrase: string, actual: string | null, expected: string | null): void {
    const verb = this.negated ? " not " : " ";
    failCase("expected " + brief(render<T>(this.actual)) + verb + phrase, actual, expected);
  }
}

/**
 * Starts a check.
 * @example expect(parse(frame)).toBe(Errno.RANGE);
 */
export function expect<T>(actual: T): Expectation<T> {
  return new Expectation<T>(actual, false);
}
