import { describe, expect, test } from "@phantasm/testing";
import { Fate, ranges } from "./ranges";
import { Scoreboard } from "./scoreboard";

/** The slow obvious model: what is known of each byte. Numbers wrap in its middle. */
const BYTES: i32 = 4000;
const FIRST: u32 = 0xffffffff - 2000;
const fates = new StaticArray<u8>(BYTES);
const sentNs = new StaticArray<i64>(BYTES);
let acknowledged: i32 = 0;
let next: i32 = 0;

const board = new Scoreboard();
let state: u32 = 1;

function below(bound: i32): i32 {
  state = state * 1664525 + 1013904223;
  return <i32>((<u64>(state >> 8) * bound) >> 24);
}

function count(fate: Fate): i32 {
  let bytes = 0;
  for (let i = acknowledged; i < next; i++) if (fates[i] == <u8>fate) bytes++;
  return bytes;
}

/** The first run of lost bytes. */
function firstLost(): i32 {
  for (let i = acknowledged; i < next; i++) if (fates[i] == <u8>Fate.LOST) return i;
  return -1;
}

function compare(what: string): void {
  expect(`${what} sacked ${board.sackedBytes}`).toBe(`${what} sacked ${count(Fate.SACKED)}`);
  expect(`${what} lost ${board.lostBytes}`).toBe(`${what} lost ${count(Fate.LOST)}`);
  expect(`${what} pipe ${board.inFlightBytes}`).toBe(`${what} pipe ${count(Fate.SENT)}`);
  const lost = board.firstLost;
  const expected = firstLost();
  if (lost === null) expect(expected).toBe(-1);
  else expect(<i32>(lost.start - FIRST)).toBe(expected);
}

/** Random work, and the same on the model. */
function work(seed: u32, steps: i32): void {
  state = seed;
  acknowledged = 0;
  next = 0;
  board.begin(FIRST);
  board.granuleNs = seed & 1 ? 0 : 3;
  let nowNs: i64 = 1000;
  for (let step = 0; step < steps; step++) {
    nowNs += below(3);
    const outstanding = next - acknowledged;
    switch (below(6)) {
      case 0: {
        const end = min(next + 1 + below(60), BYTES);
        if (end == next) break;
        for (let i = next; i < end; i++) {
          fates[i] = <u8>Fate.SENT;
          sentNs[i] = nowNs;
        }
        next = end;
        board.append(FIRST + end, nowNs);
        compare("append");
        break;
      }
      case 1:
      case 2: {
        if (outstanding == 0) break;
        const start = acknowledged + below(outstanding);
        const end = start + 1 + below(min(next - start, 40));
        board.rack.beginAcknowledgement(-1, 0, nowNs);
        board.sack(FIRST + start, FIRST + min(end, next));
        for (let i = start; i < min(end, next); i++) fates[i] = <u8>Fate.SACKED;
        compare("sack");
        break;
      }
      case 3: {
        if (outstanding == 0 || below(3) > 0) break;
        acknowledged += 1 + below(min(outstanding, 50));
        board.rack.beginAcknowledgement(-1, 0, nowNs);
        board.acknowledge(FIRST + acknowledged);
        compare("acknowledge");
        break;
      }
      case 4: {
        if (outstanding == 0 || below(4) > 0) break;
        board.loseAll(nowNs);
        for (let i = acknowledged; i < next; i++)
          if (fates[i] == <u8>Fate.SENT) fates[i] = <u8>Fate.LOST;
        compare("lose");
        break;
      }
      default: {
        const start = firstLost();
        if (start < 0) break;
        let end = start;
        while (end < next && fates[end] == <u8>Fate.LOST) end++;
        end = start + 1 + below(end - start);
        for (let i = start; i < end; i++) {
          fates[i] = <u8>Fate.SENT;
          sentNs[i] = nowNs;
        }
        board.retransmit(FIRST + start, FIRST + end, nowNs);
        compare("retransmit");
      }
    }
  }
  board.clear();
  expect(ranges.used).toBe(0);
}

/**
 * Bytes are sent at different times, some of them twice, and some arrive. What RFC 8985 §6.2 says of each must be
 * what the scoreboard says.
 */
function detect(seed: u32): void {
  state = seed;
  acknowledged = 0;
  next = 0;
  board.begin(FIRST);
  board.granuleNs = 0;
  let nowNs: i64 = 1000;
  for (let burst = 0; burst < 20; burst++) {
    const end = next + 1 + below(20);
    for (let i = next; i < end; i++) {
      fates[i] = <u8>Fate.SENT;
      sentNs[i] = nowNs;
    }
    next = end;
    board.append(FIRST + end, nowNs);
    nowNs += 10;
  }
  const again = below(next);
  const againEnd = again + 1 + below(min(next - again, 30));
  board.retransmit(FIRST + again, FIRST + againEnd, nowNs);
  for (let i = again; i < againEnd; i++) sentNs[i] = nowNs;
  nowNs += 500;
  board.rack.beginAcknowledgement(-1, 0, nowNs);
  let latestNs: i64 = 0;
  let latestEnd = 0;
  for (let blocks = 0; blocks < 3; blocks++) {
    const start = below(next);
    const end = start + 1 + below(min(next - start, 20));
    board.sack(FIRST + start, FIRST + end);
    for (let i = start; i < end; i++) {
      fates[i] = <u8>Fate.SACKED;
      if (sentNs[i] < latestNs || (sentNs[i] == latestNs && i < latestEnd)) continue;
      latestNs = sentNs[i];
      latestEnd = i;
    }
  }
  const reorderingNs = below(100);
  const rttNs = nowNs - latestNs;
  let remainingNs: i64 = 0;
  for (let i = 0; i < next; i++) {
    if (fates[i] != <u8>Fate.SENT) continue;
    if (sentNs[i] > latestNs || (sentNs[i] == latestNs && i > latestEnd)) continue;
    const leftNs = sentNs[i] + rttNs + reorderingNs - nowNs;
    if (leftNs <= 0) fates[i] = <u8>Fate.LOST;
    else remainingNs = max(remainingNs, leftNs);
  }
  expect(board.detect(reorderingNs, nowNs)).toBe(remainingNs);
  compare("detect");
  board.clear();
}

describe("the scoreboard", () => {
  test("knows of each byte what a table of bytes knows", () => {
    for (let seed: u32 = 1; seed <= 150; seed++) work(seed, 300);
  });
});

describe("losses in time", () => {
  test("are what was sent before what has arrived, and is late", () => {
    for (let seed: u32 = 1; seed <= 100; seed++) detect(seed);
  });
});
