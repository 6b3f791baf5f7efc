/**
 * A connection that a test leads by hand, in segments of 1000 bytes numbered from 0 and in milliseconds. For tests
 * of this folder.
 */
import { MILLISECOND } from "@phantasm/interfaces";
import { CongestionControl } from "./congestion";
import { Cubic } from "./cubic";
import { Recovery, TimerAction } from "./recovery";
import { SackBlocks } from "./sack-blocks";

export const SEGMENT_BYTES: i32 = 1000;

/** Where segment 0 begins: the numbers wrap within the first five segments. */
export const FIRST: u32 = 0xfffff000;

/** Milliseconds since the test began. */
export let nowMs: f64 = 0;
export let recovery: Recovery = new Recovery(new Cubic());
/** The first segment that was not sent yet, and the first that was not acknowledged. */
export let next: i32 = 0;
let acknowledged: i32 = 0;
const blocks = new SackBlocks();

/** Timestamps are echoed that belong to this time, in milliseconds; -1: the peer has none. */
let echoedMs: f64 = -1;

export function nowNs(): i64 {
  return <i64>(nowMs * <f64>MILLISECOND);
}

/** A connection whose handshake took `rttMs`. */
export function begin(
  control: CongestionControl,
  sackPermitted: bool = true,
  rttMs: i64 = 100,
): void {
  recovery = new Recovery(control);
  const rttNs = rttMs < 0 ? -1 : rttMs * MILLISECOND;
  recovery.begin(FIRST, SEGMENT_BYTES, sackPermitted, rttNs, nowNs());
  next = 0;
  acknowledged = 0;
}

/** It is `ms` now. */
export function at(ms: f64): void {
  assert(ms >= nowMs);
  nowMs = ms;
}

/** Acknowledgements echo what was sent at `ms`. */
export function echo(ms: f64): void {
  echoedMs = ms;
}

function sequence(segment: i32): u32 {
  return FIRST + segment * SEGMENT_BYTES;
}

/** Sends new segments, at once. */
export function send(count: i32): void {
  recovery.onSent(sequence(next), sequence(next + count), nowNs());
  next += count;
}

/** Sends new segments one by one, as many as may be sent. Returns how many. */
export function sendAllowed(): i32 {
  let count = 0;
  for (; recovery.allowance() >= SEGMENT_BYTES; count++) send(1);
  return count;
}

/** An acknowledgement for all before `segment`, with `sacked` as pairs: first and past the last, newest first. */
export function ack(segment: i32, sacked: i32[] = [], eceSeen: bool = false): void {
  blocks.count = sacked.length >> 1;
  for (let i = 0; i < blocks.count; i++)
    blocks.set(i, sequence(sacked[2 * i]), sequence(sacked[2 * i + 1]));
  acknowledge(segment, 1 << 30, eceSeen);
}

/** An acknowledgement with a window of so many bytes. */
export function ackWindow(segment: i32, windowBytes: u32): void {
  blocks.count = 0;
  acknowledge(segment, windowBytes, false);
}

function acknowledge(segment: i32, windowBytes: u32, eceSeen: bool): void {
  const echoedNs = echoedMs < 0 ? -1 : nowNs() - <i64>(echoedMs * <f64>MILLISECOND);
  const isDuplicate = segment == acknowledged;
  acknowledged = segment;
  recovery.onAcknowledged(
    sequence(segment),
    windowBytes,
    blocks,
    echoedNs,
    isDuplicate,
    eceSeen,
    nowNs(),
  );
}

/** Sends again what is to be sent again, and says what: "0-2 5-6". */
export function sendLost(): string {
  let text = "";
  while (recovery.nextLost(nowNs())) {
    const start = <i32>(recovery.lostStart - FIRST) / SEGMENT_BYTES;
    const end = <i32>(recovery.lostEnd - FIRST) / SEGMENT_BYTES;
    text += `${text.length > 0 ? " " : ""}${start}-${end}`;
    recovery.onSent(recovery.lostStart, recovery.lostEnd, nowNs());
  }
  return text;
}

/** The milliseconds until the timer; -1: none. */
export function timerMs(): f64 {
  if (recovery.deadlineNs == i64.MAX_VALUE) return -1;
  return <f64>recovery.deadlineNs / <f64>MILLISECOND - nowMs;
}

/** Lets time pass until the timer, and says what it asks for. */
export function expire(): TimerAction {
  nowMs = <f64>recovery.deadlineNs / <f64>MILLISECOND;
  return recovery.onTimer(nowNs());
}

export function windowSegments(): f64 {
  return <f64>recovery.congestionWindowBytes / SEGMENT_BYTES;
}

export function inFlightSegments(): f64 {
  return <f64>recovery.inFlightBytes / SEGMENT_BYTES;
}
