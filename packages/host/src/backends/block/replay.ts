/**
 * What a disk may hold after a crash: everything that a flush made durable, and of what came later
 * whatever the disk happened to have written.
 */
import { Dice } from "./dice.js";
import type { LogEntry } from "./log.js";

export interface CrashOptions {
  /**
   * What is left of writes that no flush covers. `all` of them, as of a host that was killed; `none`, as
   * of a disk that loses its cache; or `some`, decided by the seed: each is kept, lost or torn, in any
   * order.
   */
  readonly keep?: "all" | "none" | "some";
  /**
   * How writes are torn: some of their `sectors`, each whole; or at a `byte`, as disks that promise
   * nothing do; default both.
   */
  readonly tear?: "never" | "sectors" | "byte" | "both";
  /** A whole number; says what `some` are. */
  readonly seed?: number;
}

type Change = Extract<LogEntry, { kind: "write" | "discard" }>;

export class CrashReplay {
  readonly #entries: readonly LogEntry[];
  readonly #sectorBytes: number;
  readonly #base: Uint8Array;
  /** By entry: it has reported an error, and may have done anything in part. */
  readonly #failed: Set<number>;
  /** What is durable at the end of `#durableEnd` entries: most callers go from one crash to the next. */
  #durable: Uint8Array;
  #durableEnd = 0;

  /** @param base what was on the disk before the first entry; it is not changed */
  constructor(entries: readonly LogEntry[], base: Uint8Array, sectorBytes = 512) {
    this.#entries = entries;
    this.#sectorBytes = sectorBytes;
    this.#base = base;
    this.#durable = base.slice();
    this.#failed = new Set(
      entries.flatMap((entry) => (entry.kind === "failed" ? [entry.entry] : [])),
    );
  }

  /** Crashes can be at 0 to this many entries. */
  get length(): number {
    return this.#entries.length;
  }

  /** Entries that are durable when it crashes after the first `at`. */
  durableAt(at: number): number {
    let end = 0;
    for (const entry of this.#entries.slice(0, at))
      if (entry.kind === "flushed") end = Math.max(end, entry.entry);
    return end;
  }

  /** The disk after a crash that follows the first `at` entries: a new array. */
  image(at: number, options: CrashOptions = {}): Uint8Array {
    const { keep = "some", tear = "both", seed = 0 } = options;
    const durable = this.durableAt(at);
    this.#advance(durable);
    const image = this.#durable.slice();
    if (keep === "none") return image;
    const pending = this.#changes(durable, at);
    if (keep === "all") {
      for (const change of pending) this.#apply(image, change);
      return image;
    }
    // Another crash of the same seed is another throw.
    const dice = new Dice(seed * 0x1_0001 + at);
    // What an error was reported for may have happened in part, however long ago.
    pending.push(...this.#changes(0, durable, true));
    dice.shuffle(pending);
    for (const change of pending) this.#applySome(image, change, tear, dice);
    return image;
  }

  #changes(from: number, to: number, failed = false): Change[] {
    const changes: Change[] = [];
    for (let at = from; at < to; at++) {
      const entry = this.#entries[at];
      if (entry?.kind !== "write" && entry?.kind !== "discard") continue;
      if (!failed || this.#failed.has(at)) changes.push(entry);
    }
    return changes;
  }

  #advance(end: number): void {
    if (end < this.#durableEnd) {
      this.#durable = this.#base.slice();
      this.#durableEnd = 0;
    }
    for (; this.#durableEnd < end; this.#durableEnd++) {
      const entry = this.#entries[this.#durableEnd];
      if (entry?.kind !== "write" && entry?.kind !== "discard") continue;
      if (!this.#failed.has(this.#durableEnd)) this.#apply(this.#durable, entry);
    }
  }

  #apply(image: Uint8Array, change: Change): void {
    const start = change.sector * this.#sectorBytes;
    if (change.kind === "write") image.set(change.data, start);
    else image.fill(0, start, start + change.sectors * this.#sectorBytes);
  }

  #applySome(
    image: Uint8Array,
    change: Change,
    tear: NonNullable<CrashOptions["tear"]>,
    dice: Dice,
  ): void {
    const kind = dice.below(tear === "never" ? 2 : 3);
    if (kind === 0) return;
    if (kind === 1 || change.kind === "discard") return this.#apply(image, change);
    const start = change.sector * this.#sectorBytes;
    const { data } = change;
    if (tear === "byte" || (tear === "both" && dice.below(2) === 0)) {
      image.set(data.subarray(0, dice.below(data.length)), start);
      return;
    }
    for (let from = 0; from < data.length; from += this.#sectorBytes)
      if (dice.below(2) === 0)
        image.set(data.subarray(from, from + this.#sectorBytes), start + from);
  }
}
