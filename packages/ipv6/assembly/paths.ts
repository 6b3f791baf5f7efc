/** Paths that are found again: sets of four, in which the one that was asked for longest ago makes room. */
import { KeyedHash } from "@phantasm/ip/hash";
import { Discovery } from "./discovery";
import { Ipv6Path } from "./path";

const WAYS: i32 = 4;


@final
export class Paths {
  private readonly table: StaticArray<Ipv6Path | null>;
  private readonly mask: u32;
  private readonly hash: KeyedHash;

  constructor(
    private readonly discovery: Discovery,
    capacity: i32,
  ) {
    this.table = new StaticArray<Ipv6Path | null>(capacity);
    this.mask = capacity / WAYS - 1;
    this.hash = new KeyedHash(discovery.random);
  }

  /** The path, or null; only the addresses count. */
  find(sourceHigh: u64, sourceLow: u64, high: u64, low: u64): Ipv6Path | null {
    const first = this.set(high, low);
    for (let i = first; i < first + WAYS; i++) {
      const path = unchecked(this.table[i]);
      if (
        path !== null &&
        path.destinationLow == low &&
        path.destinationHigh == high &&
        path.sourceLow == sourceLow &&
        path.sourceHigh == sourceHigh
      )
        return path;
    }
    return null;
  }

  /** The path from the address that was preferred for this destination, as long as nothing has changed. */
  findAny(high: u64, low: u64, nowNs: i64): Ipv6Path | null {
    const first = this.set(high, low);
    for (let i = first; i < first + WAYS; i++) {
      const path = unchecked(this.table[i]);
      if (
        path !== null &&
        path.isAny &&
        path.destinationLow == low &&
        path.destinationHigh == high &&
        path.isFresh
      ) {
        path.askedNs = nowNs;
        return path;
      }
    }
    return null;
  }

  /** The path; new if there is none. */
  get(sourceHigh: u64, sourceLow: u64, high: u64, low: u64, nowNs: i64): Ipv6Path {
    let path = this.find(sourceHigh, sourceLow, high, low);
    if (path === null) {
      const first = this.set(high, low);
      let place = first;
      for (let i = first; i < first + WAYS; i++) {
        const other = unchecked(this.table[i]);
        if (other === null) {
          place = i;
          break;
        }
        if (other.askedNs < changetype<Ipv6Path>(this.table[place]).askedNs) place = i;
      }
      path = new Ipv6Path(this.discovery);
      path.lead(sourceHigh, sourceLow, high, low, 0);
      this.table[place] = path;
    } else path.refresh();
    path.askedNs = nowNs;
    return path;
  }

  private set(high: u64, low: u64): i32 {
    return <i32>(this.hash.of(high, low) & this.mask) * WAYS;
  }
}
