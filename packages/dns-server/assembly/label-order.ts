/** Labels in canonical order (RFC 4034 §6.1), and sorting by it, a little at a time. */
import { lower8 } from "@phantasm/dns/wire";
import { labelAt, labelBytes } from "./zone-data";

/** Below 0: the label of `a` is before that of `b`; 0: it is the same but for its case. */
export function compareLabels(a: usize, b: usize): i32 {
  const aBytes = labelBytes(a);
  const bBytes = labelBytes(b);
  let left = min(aBytes, bBytes);
  let one = labelAt(a);
  let other = labelAt(b);
  for (; left > 0; left -= 8, one += 8, other += 8) {
    let x = bswap(lower8(load<u64>(one)));
    let y = bswap(lower8(load<u64>(other)));
    if (left < 8) {
      const unused = 64 - (left << 3);
      x >>= unused;
      y >>= unused;
    }
    if (x != y) return x < y ? -1 : 1;
  }
  return aBytes - bBytes;
}

/**
 * Merges from the bottom up, in steps: what is in order already is only looked at. Its memory is 8 bytes a label.
 */
@final
export class LabelSort {
  private memory: usize = 0;
  private count: i32 = 0;
  /** Where the nodes are, and where they are merged to. */
  private from: usize = 0;
  private to: usize = 0;
  /** Length of the runs that are merged. */
  private width: i32 = 0;
  // Of the two runs at hand: places, and the ends of both.
  private a: i32 = 0;
  private b: i32 = 0;
  private aEnd: i32 = 0;
  private bEnd: i32 = 0;
  private at: i32 = 0;

  get isBusy(): bool {
    return this.memory != 0;
  }

  /** Begins with so many nodes, which the caller then stores where this says, four bytes each. */
  begin(count: i32): usize {
    const bytes = (<usize>count) << 2;
    this.memory = heap.alloc(bytes << 1);
    this.from = this.memory;
    this.to = this.memory + bytes;
    this.count = count;
    this.width = 1;
    this.runs(0);
    return this.memory;
  }

  /** The next two runs. */
  private runs(start: i32): void {
    this.a = start;
    this.at = start;
    this.aEnd = min(start + this.width, this.count);
    this.b = this.aEnd;
    this.bEnd = min(this.aEnd + this.width, this.count);
  }

  /** Merges up to `steps` nodes; returns what is left of `steps`: more than 0: they are in order. */
  work(steps: i32): i32 {
    for (; steps > 0; steps--) {
      if (this.at == this.bEnd) {
        if (this.bEnd < this.count) {
          this.runs(this.bEnd);
          continue;
        }
        const merged = this.to;
        this.to = this.from;
        this.from = merged;
        this.width <<= 1;
        if (this.width >= this.count) return steps;
        this.runs(0);
        continue;
      }
      const isFirst =
        this.a < this.aEnd &&
        (this.b == this.bEnd || compareLabels(this.node(this.a), this.node(this.b)) <= 0);
      const index = isFirst ? this.a++ : this.b++;
      store<u32>(this.to + ((<usize>this.at) << 2), <u32>this.node(index));
      this.at++;
    }
    return 0;
  }

  /** @param index of the nodes, which are in order when `work` says so */
  node(index: i32): usize {
    return <usize>load<u32>(this.from + ((<usize>index) << 2));
  }

  end(): void {
    if (this.memory != 0) heap.free(this.memory);
    this.memory = 0;
  }
}
