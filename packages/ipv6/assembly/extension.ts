/**
 * The headers between the fixed header and the transport's (RFC 8200 §4), bounded as RFC 8504 §5.3 allows: who
 * sends more has nothing to say.
 */
import { Header, load16 } from "./wire";

/** Extension headers of a packet. */
export const HEADERS_MAX: i32 = 8;
/** Bytes of a header with options. */
export const OPTIONS_BYTES_MAX: i32 = 256;
/** Options of a header that are not padding, and that it does not know. */
export const OPTIONS_MAX: i32 = 8;

const PAD_1: u8 = 0;
const PAD_N: u8 = 1;
const ROUTER_ALERT: u8 = 5;

/** How a walk ended. */
export namespace Walk {
  /** At a header that is none of these: `next` at `at`. */
  export const UPPER: i32 = 0;
  /** At a fragment header at `at`, of a packet that has more than one. */
  export const FRAGMENT: i32 = 1;
  /** To be dropped without a word. */
  export const DROP: i32 = 2;
  /** To be answered with a parameter problem: `code`, `pointer`. */
  export const PROBLEM: i32 = 3;
  /** As PROBLEM, but not if the destination is a group. */
  export const PROBLEM_UNICAST: i32 = 4;
}

/** Codes of a parameter problem (RFC 4443 §3.4, RFC 7112 §5). */
export namespace Problem {
  export const FIELD: i32 = 0;
  export const NEXT_HEADER: i32 = 1;
  export const OPTION: i32 = 2;
  export const FIRST_FRAGMENT: i32 = 3;
}

/** Walks along a packet; raw memory, used again for each. */
@unmanaged
export class Extensions {
  /** Where it ended, and what is there. */
  at: usize;
  next: u8;
  /** Offset in the packet of the byte that says what `next` is. */
  nextPointer: i32;
  code: i32;
  pointer: i32;
  /** A router alert was among the options (RFC 2711): listener queries need it. */
  hasRouterAlert: bool;
  /** Ended for want of bytes. */
  isShort: bool;
  /** There was a fragment header, be it of a whole packet. */
  hasFragment: bool;

  /**
   * @param packet address of the fixed header
   * @param at address of the first header to look at
   * @param end address behind the packet
   * @param next what that header is
   * @param nextPointer offset of the byte that says so
   */
  walk(packet: usize, at: usize, end: usize, next: u8, nextPointer: i32): i32 {
    this.hasRouterAlert = false;
    this.isShort = false;
    this.hasFragment = false;
    let result = Walk.UPPER;
    for (let headers = 0; ; headers++) {
      this.at = at;
      this.next = next;
      this.nextPointer = nextPointer;
      if (next == Header.HOP_BY_HOP) {
        // RFC 8200 §4.1: only directly behind the fixed header.
        if (at != packet + 40) {
          result = this.problem(Walk.PROBLEM, Problem.NEXT_HEADER, nextPointer);
          break;
        }
      } else if (next != Header.ROUTING && next != Header.FRAGMENT && next != Header.DESTINATION) {
        if (next == Header.NONE) result = Walk.DROP;
        break;
      }
      const left = <i32>(end - at);
      if (left < 8) return this.short();
      if (headers == HEADERS_MAX) return Walk.DROP;
      if (next == Header.FRAGMENT) {
        this.hasFragment = true;
        // RFC 6946: a fragment that is the whole packet has nothing to do with others.
        if (load16(at + 2) & 0xfff9) return Walk.FRAGMENT;
        nextPointer = <i32>(at - packet);
        next = load<u8>(at);
        at += 8;
        continue;
      }
      const bytes = 8 + ((<i32>load<u8>(at, 1)) << 3);
      if (bytes > left) return this.short();
      if (next == Header.ROUTING) {
        // RFC 8200 §4.4, RFC 5095 §3: a type it does not know is an error, unless the way is done. It knows none.
        if (load<u8>(at, 3) != 0)
          return this.problem(Walk.PROBLEM, Problem.FIELD, <i32>(at - packet) + 2);
      } else {
        if (bytes > OPTIONS_BYTES_MAX) return Walk.DROP;
        result = this.options(packet, at + 2, at + bytes);
        if (result != Walk.UPPER) break;
      }
      nextPointer = <i32>(at - packet);
      next = load<u8>(at);
      at += bytes;
    }
    return result;
  }

  private problem(result: i32, code: i32, pointer: i32): i32 {
    this.code = code;
    this.pointer = pointer;
    return result;
  }

  private short(): i32 {
    this.isShort = true;
    return Walk.DROP;
  }

  /** RFC 8200 §4.2: the upper two bits of an option's type say what to do if it is unknown. */
  private options(packet: usize, at: usize, end: usize): i32 {
    for (let unknown = 0; at < end;) {
      const type = load<u8>(at);
      if (type == PAD_1) {
        at++;
        continue;
      }
      if (end - at < 2) return Walk.DROP;
      const bytes = <usize>load<u8>(at, 1) + 2;
      if (bytes > end - at) return Walk.DROP;
      if (type == ROUTER_ALERT) this.hasRouterAlert = true;
      else if (type != PAD_N) {
        const action = type >> 6;
        if (action == 1) return Walk.DROP;
        if (action != 0)
          return this.problem(
            action == 2 ? Walk.PROBLEM : Walk.PROBLEM_UNICAST,
            Problem.OPTION,
            <i32>(at - packet),
          );
        if (++unknown > OPTIONS_MAX) return Walk.DROP;
      }
      at += bytes;
    }
    return Walk.UPPER;
  }
}

/** Where the transport's header of a quoted packet lies, and of which protocol it is; no option is looked at. */
@unmanaged
export class Skip {
  at: usize;
  next: u8;

  /** False: it is not there, or in another fragment. `packet` has at least its fixed header before `end`. */
  find(packet: usize, end: usize): bool {
    let next = load<u8>(packet, 6);
    let at = packet + 40;
    for (let headers = 0; headers <= HEADERS_MAX; headers++) {
      this.at = at;
      this.next = next;
      if (next == Header.NONE) return false;
      const isFragment = next == Header.FRAGMENT;
      if (
        !isFragment &&
        next != Header.HOP_BY_HOP &&
        next != Header.ROUTING &&
        next != Header.DESTINATION
      )
        return at <= end;
      if (at + 8 > end || (isFragment && (load16(at + 2) & 0xfff8) != 0)) return false;
      next = load<u8>(at);
      at += isFragment ? 8 : 8 + ((<usize>load<u8>(at, 1)) << 3);
    }
    return false;
  }
}
