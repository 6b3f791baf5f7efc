/** The neighbour cache: every state with every event, and what floods can do to it. */
import { MILLISECOND, SECOND } from "@phantasm/interfaces";
import { ChaChaRandom } from "@phantasm/random";
import { describe, expect, test } from "@phantasm/testing";
import {
  DELAY_FIRST_PROBE_NS,
  Event,
  INCOMPLETE_MAX,
  Neighbour,
  NeighbourOutput,
  Neighbours,
  RESOLUTIONS_PER_SECOND,
  State,
} from "./neighbours";

const CAPACITY: i32 = 32;
const HIGH: u64 = 0xfe80_0000_0000_0000;
const A: u64 = 0x02_00_00_00_00_0a;
const B: u64 = 0x02_00_00_00_00_0b;

let log: string = "";
let hop: u64 = 0;

class Output implements NeighbourOutput {
  solicit(neighbour: Neighbour): void {
    log += neighbour.state == State.INCOMPLETE ? "ask all;" : "ask;";
  }

  resolved(neighbour: Neighbour): void {
    log += "resolved;";
  }

  forgotten(neighbour: Neighbour, isSilent: bool): void {
    log += isSilent ? "silent;" : "displaced;";
  }

  isNoRouter(neighbour: Neighbour): void {
    log += "no router;";
  }

  isNextHop(high: u64, low: u64): bool {
    return low == hop;
  }
}

const cache = new Neighbours(new ChaChaRandom(), CAPACITY);
cache.owner = new Output();

function logged(text: string): void {
  expect(log).toBe(text);
  log = "";
}

const STATES: string[] = ["GONE", "INCOMPLETE", "REACHABLE", "STALE", "DELAY", "PROBE"];

let nextLow: u64 = 1;
let nowNs: i64 = SECOND;

/** A new neighbour in that state, with link address A. */
function neighbourIn(state: i32): Neighbour {
  nowNs += 3600 * SECOND;
  const low = nextLow++;
  const entry = cache.resolve(HIGH, low, nowNs)!;
  if (state == State.REACHABLE) cache.advertised(HIGH, low, true, A, Event.SOLICITED, false, nowNs);
  else if (state > State.REACHABLE) cache.heard(HIGH, low, A, nowNs);
  if (state >= State.DELAY) cache.use(entry, nowNs);
  if (state == State.PROBE) {
    nowNs += DELAY_FIRST_PROBE_NS;
    cache.expire(nowNs);
  }
  expect(entry.state).toBe(state);
  log = "";
  return entry;
}

/** Name, event. The last two columns of the table are seen in other cases. */
const EVENTS: string[] = [
  "NA same",
  "NA S same",
  "NA O same",
  "NA SO same",
  "NA other",
  "NA S other",
  "NA O other",
  "NA SO other",
  "NA without address",
  "NA S without address",
  "NS same",
  "NS other",
  "hint",
  "sent",
];

function happen(entry: Neighbour, event: string): void {
  const words = event.split(" ");
  if (event == "hint") cache.confirm(entry, nowNs);
  else if (event == "sent") cache.use(entry, nowNs);
  else if (words[0] == "NS") cache.heard(HIGH, entry.low, words[1] == "same" ? A : B, nowNs);
  else {
    const flags =
      (words[1].includes("S") ? Event.SOLICITED : 0) |
      (words[1].includes("O") ? Event.OVERRIDE : 0);
    const link = event.endsWith("same") ? A : B;
    cache.advertised(HIGH, entry.low, !event.includes("without"), link, flags, false, nowNs);
  }
}

/** For each event the state that follows, and "B" if the other link address was taken over. */
const EXPECTED: string[][] = [
  // INCOMPLETE: whatever tells an address ends it.
  [
    "STALE",
    "REACHABLE",
    "STALE",
    "REACHABLE",
    "STALE B",
    "REACHABLE B",
    "STALE B",
    "REACHABLE B",
    "INCOMPLETE",
    "INCOMPLETE",
    "STALE",
    "STALE B",
    "INCOMPLETE",
    "INCOMPLETE",
  ],
  // REACHABLE
  [
    "REACHABLE",
    "REACHABLE",
    "REACHABLE",
    "REACHABLE",
    "STALE",
    "STALE",
    "STALE B",
    "REACHABLE B",
    "REACHABLE",
    "REACHABLE",
    "REACHABLE",
    "STALE B",
    "REACHABLE",
    "REACHABLE",
  ],
  // STALE
  [
    "STALE",
    "REACHABLE",
    "STALE",
    "REACHABLE",
    "STALE",
    "STALE",
    "STALE B",
    "REACHABLE B",
    "STALE",
    "REACHABLE",
    "STALE",
    "STALE B",
    "REACHABLE",
    "DELAY",
  ],
  // DELAY
  [
    "DELAY",
    "REACHABLE",
    "DELAY",
    "REACHABLE",
    "DELAY",
    "DELAY",
    "STALE B",
    "REACHABLE B",
    "DELAY",
    "REACHABLE",
    "DELAY",
    "STALE B",
    "REACHABLE",
    "DELAY",
  ],
  // PROBE
  [
    "PROBE",
    "REACHABLE",
    "PROBE",
    "REACHABLE",
    "PROBE",
    "PROBE",
    "STALE B",
    "REACHABLE B",
    "PROBE",
    "REACHABLE",
    "PROBE",
    "STALE B",
    "REACHABLE",
    "PROBE",
  ],
];

describe("every event in every state (RFC 4861 appendix C, §7.2.5)", () => {
  test("leads to the state it should, with the link address it should", () => {
    for (let state = State.INCOMPLETE; state <= State.PROBE; state++)
      for (let event = 0; event < EVENTS.length; event++) {
        const entry = neighbourIn(state);
        happen(entry, EVENTS[event]);
        const text =
          STATES[entry.state] + (entry.link == B && entry.state != State.INCOMPLETE ? " B" : "");
        const place = `${STATES[state]}, ${EVENTS[event]}: `;
        expect(place + text).toBe(place + EXPECTED[state - 1][event]);
        const wasResolved = state == State.INCOMPLETE && entry.state != State.INCOMPLETE;
        expect(place + log).toBe(place + (wasResolved ? "resolved;" : ""));
      }
  });
});

describe("time", () => {
  test("three questions without an answer are enough", () => {
    const entry = cache.resolve(HIGH, 9, 0)!;
    logged("ask all;");
    cache.expire(999 * MILLISECOND);
    logged("");
    cache.expire(1 * SECOND);
    cache.expire(2 * SECOND);
    logged("ask all;ask all;");
    expect(cache.use(entry, 2 * SECOND)).toBe(false);
    cache.expire(3 * SECOND);
    logged("silent;");
    expect(entry.state).toBe(State.GONE);
    expect(cache.find(HIGH, 9)).toBeNull();
    expect(cache.length).toBe(0);
    expect(cache.dueNs).toBe(i64.MAX_VALUE);
  });

  test("who is used is asked after a while; an answer, or a hint, puts it off", () => {
    const entry = cache.resolve(HIGH, 9, 0)!;
    cache.advertised(HIGH, 9, true, A, Event.SOLICITED, false, 0);
    logged("ask all;resolved;");
    // Between a half and three halves of 30 s.
    expect(entry.dueNs).toBeGreaterThanOrEqual(15 * SECOND);
    expect(entry.dueNs).toBeLessThanOrEqual(45 * SECOND);
    // Nothing wakes up for it.
    cache.expire(SECOND);
    expect(cache.dueNs).toBe(i64.MAX_VALUE);
    expect(cache.use(entry, 46 * SECOND)).toBe(true);
    expect(entry.state).toBe(State.DELAY);
    expect(cache.dueNs).toBe(51 * SECOND);
    cache.confirm(entry, 50 * SECOND);
    expect(entry.state).toBe(State.REACHABLE);
    cache.expire(51 * SECOND);
    logged("");
    cache.use(entry, 100 * SECOND);
    cache.expire(105 * SECOND);
    logged("ask;");
    expect(entry.state).toBe(State.PROBE);
    cache.expire(106 * SECOND);
    cache.expire(107 * SECOND);
    logged("ask;ask;");
    cache.expire(108 * SECOND);
    logged("silent;");
  });

  test("an advertisement of somebody nobody asked for is nothing", () => {
    cache.advertised(HIGH, 9, true, A, Event.SOLICITED | Event.OVERRIDE, true, 0);
    expect(cache.length).toBe(0);
  });

  test("a router that says it is none is told of", () => {
    const entry = cache.heard(HIGH, 9, A, 0)!;
    entry.isRouter = true;
    // Not by an advertisement that is not to change anything.
    cache.advertised(HIGH, 9, true, B, 0, false, 0);
    logged("");
    expect(entry.isRouter).toBe(true);
    cache.advertised(HIGH, 9, true, A, Event.OVERRIDE, false, 0);
    logged("no router;");
    expect(entry.isRouter).toBe(false);
  });
});

/** Somebody in use, who answers. */
function friend(low: u64, atNs: i64): Neighbour {
  const entry = cache.resolve(HIGH, low, atNs)!;
  cache.advertised(HIGH, low, true, A, Event.SOLICITED, false, atNs);
  cache.use(entry, atNs);
  return entry;
}

describe("floods (RFC 6583)", () => {
  test("addresses that nobody has take a small part, and few questions a second", () => {
    for (let low: u64 = 1; low <= 8; low++) friend(low, <i64>low * SECOND);
    log = "";
    let asked = 0;
    for (let i = 0; i < 10_000; i++) {
      cache.resolve(HIGH, 1000 + i, 100 * SECOND + i * MILLISECOND);
      cache.expire(100 * SECOND + i * MILLISECOND);
      asked += log.split("ask all;").length - 1;
      log = "";
      expect(cache.length).toBeLessThanOrEqual(8 + INCOMPLETE_MAX);
    }
    // Ten seconds, and each is asked for at most three times.
    expect(asked).toBeLessThanOrEqual(3 * RESOLUTIONS_PER_SECOND * 11);
    expect(cache.refused).toBeGreaterThan(9000);
    for (let low: u64 = 1; low <= 8; low++) expect(cache.find(HIGH, low)!.link).toBe(A);
  });

  test("who was only heard displaces nobody who was used", () => {
    for (let low: u64 = 1; low <= 20; low++) friend(low, <i64>low * SECOND);
    for (let i = 0; i < 10_000; i++) {
      cache.heard(HIGH, 1000 + i, B, 100 * SECOND + i);
      log = "";
    }
    expect(cache.length).toBe(CAPACITY);
    for (let low: u64 = 1; low <= 20; low++) expect(cache.find(HIGH, low)).not.toBeNull();
    // They displace each other: the last ones are there.
    expect(cache.find(HIGH, 1000 + 9999)).not.toBeNull();
    expect(cache.find(HIGH, 1000)).toBeNull();
  });

  test("a cache full of friends hears nobody, and asks in the place of the one used longest ago", () => {
    for (let low: u64 = 1; low <= <u64>CAPACITY; low++) friend(low, <i64>low * SECOND);
    hop = 1;
    expect(cache.heard(HIGH, 1000, B, 100 * SECOND)).toBeNull();
    log = "";
    expect(cache.resolve(HIGH, 1000, 100 * SECOND)).not.toBeNull();
    logged("displaced;ask all;");
    // The first one is a router's.
    expect(cache.find(HIGH, 1)).not.toBeNull();
    expect(cache.find(HIGH, 2)).toBeNull();
    expect(cache.displaced).toBe(1);
  });

  test("the table stays whole under anything", () => {
    const random = new ChaChaRandom();
    let atNs: i64 = 0;
    for (let i = 0; i < 50_000; i++) {
      atNs += random.below(20) * MILLISECOND;
      const low = <u64>random.below(100);
      const link = random.below(4) == 0 ? B : A;
      switch (random.below(6)) {
        case 0:
          cache.resolve(HIGH, low, atNs);
          break;
        case 1:
          cache.heard(HIGH, low, link, atNs);
          break;
        case 2:
          cache.advertised(HIGH, low, random.below(2) == 0, link, random.below(4), false, atNs);
          break;
        case 3:
          cache.expire(atNs);
          break;
        default: {
          const entry = cache.find(HIGH, low);
          if (entry === null) break;
          expect(entry.low).toBe(low);
          if (random.below(2) == 0) cache.use(entry, atNs);
          else cache.confirm(entry, atNs);
        }
      }
      log = "";
    }
    let found = 0;
    for (let low: u64 = 0; low < 100; low++) if (cache.find(HIGH, low) !== null) found++;
    expect(found).toBe(cache.length);
    expect(found).toBeGreaterThan(4);
  });
});
