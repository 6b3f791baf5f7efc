/** Recursive name servers that routers have told of (RFC 8106). */
import { rawMemory } from "./raw";

/** More are refused (RFC 8106 §5.3.1 asks for three). */
export const NAME_SERVERS_MAX: i32 = 4;

/** An entry: raw memory. */
@unmanaged
export class NameServer {
  high: u64;
  low: u64;
  untilNs: i64;
}


@final
export class NameServers {
  private readonly first: usize = rawMemory(NAME_SERVERS_MAX * offsetof<NameServer>());

  /** Adds one, or gives it a new end; one that has passed takes it away. */
  set(high: u64, low: u64, untilNs: i64, nowNs: i64): void {
    let place: NameServer | null = null;
    for (let i = 0; i < NAME_SERVERS_MAX; i++) {
      const server = this.at(i);
      if (server.untilNs <= nowNs) {
        if (place === null) place = server;
      } else if (server.low == low && server.high == high) {
        place = server;
        break;
      }
    }
    if (place === null) return;
    place.high = high;
    place.low = low;
    place.untilNs = untilNs;
  }

  /** The index of the first at or behind `index` that counts at `nowNs`; -1: there is none. */
  next(index: i32, nowNs: i64): i32 {
    for (; index < NAME_SERVERS_MAX; index++) if (this.at(index).untilNs > nowNs) return index;
    return -1;
  }

  /** The one with that index, 0 to NAME_SERVERS_MAX - 1. */
  // @ts-ignore: decorator
  @inline
  at(index: i32): NameServer {
    return changetype<NameServer>(this.first + index * offsetof<NameServer>());
  }
}
