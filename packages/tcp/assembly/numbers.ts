/** Numbers that others see and must not guess: initial sequence numbers, offsets of time stamps, local ports. */
import { Random } from "@phantasm/interfaces";
import { TupleHash } from "./tuple-hash";
import { Tuple } from "./tuple";

/** RFC 9293 §3.4.1: the clock of initial sequence numbers ticks every 4 µs. */
const SEQUENCE_TICK_NS: i64 = 4_000;

/** RFC 7323 §5.4: that of time stamps, every millisecond. */
export const TICK_NS: i64 = 1_000_000;

/** Ports that `connect` picks from: 2^15, from here on. */
export const EPHEMERAL_FIRST: i32 = 32_768;
export const EPHEMERAL_COUNT: i32 = 32_768;

/** Of RFC 6056 §3.3.4. */
const INCREMENTS: i32 = 16;


@final
export class Numbers {
  private readonly sequences: TupleHash;
  private readonly offsets: TupleHash;
  /** Index of the one that counts for the destination of `firstPort`. */
  private increment: i32 = 0;
  private readonly increments: StaticArray<u32> = new StaticArray<u32>(INCREMENTS);

  constructor(random: Random) {
    this.sequences = new TupleHash(random);
    this.offsets = new TupleHash(random);
    for (let i = 0; i < INCREMENTS; i++) this.increments[i] = random.u32();
  }

  /** RFC 6528 §3: ISN = M + F(localip, localport, remoteip, remoteport, secretkey). */
  initialSequence(tuple: Tuple, nowNs: i64): u32 {
    return <u32>this.sequences.of(tuple, 0) + <u32>(nowNs / SEQUENCE_TICK_NS);
  }

  ticks(nowNs: i64): u32 {
    return <u32>(nowNs / TICK_NS);
  }

  /** RFC 7323 §5.4: the same for the same addresses and ports, so that the next connection continues the time. */
  timestampOffset(tuple: Tuple): u32 {
    return <u32>this.offsets.of(tuple, 1);
  }

  /**
   * Where to begin to look for a local port, whose field is 0: RFC 6056 §3.3.4, double-hash. Those that follow are
   * tried next.
   */
  firstPort(tuple: Tuple): u32 {
    this.increment = (<i32>this.sequences.of(tuple, 3)) & (INCREMENTS - 1);
    return <u32>this.sequences.of(tuple, 2) + this.increments[this.increment];
  }

  /** The port so many places behind `firstPort` is used: the next connection begins behind it. */
  usePort(tried: u32): void {
    this.increments[this.increment] += tried + 1;
  }
}
