/** Path MTUs that routers have reported (RFC 8201), for as long as they count. */
import { MINUTE } from "@phantasm/interfaces";
import { rawMemory } from "./raw";

/** Destinations with a path MTU below the link's; one more takes the place of the one that was made first. */
export const PATH_MTUS_MAX: i32 = 32;
/** RFC 8201 §4: after this the link's MTU is tried again. */
const LIFETIME_NS: i64 = 10 * MINUTE;

/** An entry: raw memory. */
@unmanaged
export class PathMtu {
  high: u64;
  low: u64;
  untilNs: i64;
  mtu: i32;
}

/** Raw memory. */
@unmanaged
export class PathMtus {
  /** Entries, and how many of them were ever used: while there are none, nobody looks. */
  private first: usize;
  private used: i32;
  private next: i32;

  /** What is known of a destination; null: nothing. */
  find(high: u64, low: u64, nowNs: i64): PathMtu | null {
    for (let i = 0; i < this.used; i++) {
      const entry = this.at(i);
      if (entry.low == low && entry.high == high && entry.untilNs > nowNs) return entry;
    }
    return null;
  }

  /** A new one, whose `mtu` is to be set. */
  add(high: u64, low: u64, nowNs: i64): PathMtu {
    if (this.first == 0) this.first = rawMemory(PATH_MTUS_MAX * offsetof<PathMtu>());
    const entry = this.at(this.next);
    this.next = (this.next + 1) % PATH_MTUS_MAX;
    this.used = max(this.used, this.next == 0 ? PATH_MTUS_MAX : this.next);
    entry.high = high;
    entry.low = low;
    entry.untilNs = nowNs + LIFETIME_NS;
    return entry;
  }

  // @ts-ignore: decorator
  @inline
  private at(index: i32): PathMtu {
    return changetype<PathMtu>(this.first + index * offsetof<PathMtu>());
  }
}
