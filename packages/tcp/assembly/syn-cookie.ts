/**
 * SYN cookies (RFC 4987 §3.6): when no half-open connection is free, what is needed to accept one travels with the
 * peer. The sequence number of the SYN-ACK is
 *
 * ```
 * 29 bits of SipHash(addresses, ports, the SYN's number, the minute, size) | 3 bits size
 * ```
 *
 * and where there are time stamps, the low bits of ours say what else the SYN offered; without, nothing else is
 * agreed.
 */
import { Random, SECOND } from "@phantasm/interfaces";
import { Segment } from "./segment";
import { TupleHash } from "./tuple-hash";
import { Tuple } from "./tuple";

/** A cookie is good for one to two of these. */
const PERIOD_NS: i64 = 64 * SECOND;

const SIZES: usize = memory.data<u16>([216, 536, 1220, 1360, 1400, 1440, 1460, 8940]);
const SIZE_BITS: u32 = 3;

/** Of the time stamp: four bits of window scale, all set if there is none, and one each for SACK and ECN. */
const OPTION_BITS: u32 = 6;
const NO_SCALE: u32 = 15;


@final
export class SynCookies {
  private readonly key: TupleHash;
  /** Until then an ACK may be the answer to a cookie. */
  private awaitedNs: i64 = i64.MIN_VALUE;

  constructor(random: Random) {
    this.key = new TupleHash(random);
  }

  /** The sequence number that answers this SYN. */
  make(tuple: Tuple, syn: Segment, nowNs: i64): u32 {
    this.awaitedNs = nowNs + 2 * PERIOD_NS;
    let size: u32 = 7;
    const said = syn.maximumSegment > 0 ? syn.maximumSegment : 536;
    while (size > 0 && sizeAt(size) > said) size--;
    return this.hash(tuple, syn.sequence, nowNs / PERIOD_NS, size) | size;
  }

  /** Does this ACK answer a cookie? Then the segment size that its SYN named, else 0. */
  check(tuple: Tuple, ack: Segment, nowNs: i64): i32 {
    // Nothing was sent lately: a flood of ACKs is not worth hashing.
    if (!this.isAwaited(nowNs)) return 0;
    const cookie = ack.acknowledgment - 1;
    const size = cookie & ((1 << SIZE_BITS) - 1);
    const period = nowNs / PERIOD_NS;
    for (let age = 0; age < 2; age++)
      if ((this.hash(tuple, ack.sequence - 1, period - age, size) | size) == cookie)
        return sizeAt(size);
    return 0;
  }

  isAwaited(nowNs: i64): bool {
    return nowNs < this.awaitedNs;
  }

  private hash(tuple: Tuple, sequence: u32, period: i64, size: u32): u32 {
    const rest = (((<u64>period) & 0xfff_ffff) << SIZE_BITS) | size;
    return (<u32>this.key.of(tuple, ((<u64>sequence) << 32) | rest)) & ~((1 << SIZE_BITS) - 1);
  }
}

function sizeAt(index: u32): i32 {
  return <i32>load<u16>(SIZES + ((<usize>index) << 1));
}

/** The latest time stamp, not after `value`, that says what the SYN offered. */
export function timestampWith(value: u32, windowScale: i32, sackPermitted: bool, ecn: bool): u32 {
  const options =
    (windowScale < 0 ? NO_SCALE : <u32>windowScale) |
    ((<u32>sackPermitted) << 4) |
    ((<u32>ecn) << 5);
  const stamp = (value & ~((1 << OPTION_BITS) - 1)) | options;
  return stamp > value ? stamp - (1 << OPTION_BITS) : stamp;
}

export function scaleIn(echo: u32): i32 {
  const scale = echo & NO_SCALE;
  return scale == NO_SCALE ? -1 : <i32>scale;
}

export function sackIn(echo: u32): bool {
  return (echo & 16) != 0;
}

export function ecnIn(echo: u32): bool {
  return (echo & 32) != 0;
}
