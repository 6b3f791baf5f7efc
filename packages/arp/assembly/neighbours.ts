/**
 * The table of neighbours: pure, with time as a parameter. RFC 826 says what is learned, RFC 1122 §2.3.2 when
 * it is forgotten and how often it is asked for.
 */
import { SECOND } from "@phantasm/interfaces";
import { MAC_BROADCAST } from "@phantasm/ethernet/frame";
import { ArpCounters } from "./counters";
import { Neighbour, NeighbourState } from "./neighbour";

/** RFC 1122 §2.3.2.1: at most one request a second to one address. */
export const REQUEST_INTERVAL_NS: i64 = SECOND;
export const REQUEST_TRIES: i32 = 3;

/** How long an answer is believed: RFC 1122 §2.3.2.1 suggests a minute. */
export const REACHABLE_NS: i64 = 60 * SECOND;

/** How long one that nobody uses is remembered after that. */
export const STALE_NS: i64 = 600 * SECOND;

/** What the table wants to be done. */
export interface NeighbourEvents {
  /** Ask for `target` in the name of `source`. `mac`: the broadcast address, or where it was last. */
  onNeighbourRequest(mac: u64, source: u32, target: u32): void;

  /** The link address is known now. */
  onNeighbourKnown(address: u32, mac: u64): void;

  /** It does not answer, and is forgotten. */
  onNeighbourSilent(address: u32): void;

  /** It was asked for, and is forgotten before it could answer: another one needed its place. */
  onNeighbourForgotten(address: u32): void;
}


@final
export class Neighbours {
  /** The first `made` are there; they are made when they are needed. */
  private readonly entries: StaticArray<Neighbour | null>;
  private made: i32 = 0;
  private dueNs: i64 = i64.MAX_VALUE;

  constructor(
    capacity: i32,
    private readonly counters: ArpCounters,
    private readonly events: NeighbourEvents,
  ) {
    this.entries = new StaticArray<Neighbour | null>(capacity);
  }

  /** When `due` wants to be called; i64.MAX_VALUE: never. May be too early. */
  get nextNs(): i64 {
    return this.dueNs;
  }

  /** Neighbours in the table. */
  get count(): i32 {
    let count = 0;
    for (let at = 0; at < this.made; at++) if (!this.entryAt(at).isFree) count++;
    return count;
  }

  find(address: u32): Neighbour | null {
    for (let at = 0, count = this.made; at < count; at++) {
      const entry = this.entryAt(at);
      if (entry.address == address && entry.state != NeighbourState.FREE) return entry;
    }
    return null;
  }

  /** Wants to send to an address: finds it, or asks for it. */
  want(address: u32, source: u32, nowNs: i64): Neighbour {
    const found = this.find(address);
    if (found !== null) {
      this.use(found, source, nowNs);
      return found;
    }
    const entry = changetype<Neighbour>(this.place(false));
    entry.address = address;
    entry.source = source;
    entry.isUsed = true;
    entry.isWanted = true;
    this.ask(entry, nowNs);
    return entry;
  }

  /** A packet is about to be sent to it. */
  use(entry: Neighbour, source: u32, nowNs: i64): void {
    entry.isUsed = true;
    entry.isWanted = true;
    entry.source = source;
    if (entry.state == NeighbourState.STALE) this.refresh(entry, nowNs);
  }

  /** It has acknowledged something: no need to ask. */
  confirm(entry: Neighbour, nowNs: i64): void {
    entry.confirmedNs = nowNs;
    if (entry.state != NeighbourState.REFRESHING && entry.state != NeighbourState.STALE) return;
    entry.state = NeighbourState.KNOWN;
    this.look(entry, nowNs + REACHABLE_NS);
  }

  /**
   * Somebody has said which link address it has: RFC 826 "Packet Reception".
   *
   * @param toUs it was a request for one of our addresses
   */
  heard(address: u32, mac: u64, toUs: bool, nowNs: i64): void {
    let entry = this.find(address);
    if (entry === null) {
      // RFC 826 would learn it, to save a request when we answer. A flood of such requests must not drive out
      // neighbours that are needed: it gets what is free, or was learned like this.
      if (!toUs) return;
      entry = this.place(true);
      if (entry === null) {
        this.counters.notLearned++;
        return;
      }
      entry.address = address;
      entry.isUsed = false;
      entry.isWanted = false;
    } else if (entry.state != NeighbourState.ASKING && entry.mac != mac) this.counters.moved++;
    const asked = entry.state == NeighbourState.ASKING;
    entry.mac = mac;
    entry.state = NeighbourState.KNOWN;
    entry.tries = 0;
    entry.confirmedNs = nowNs;
    this.look(entry, nowNs + REACHABLE_NS);
    if (asked) this.events.onNeighbourKnown(address, mac);
  }

  /** Forgets those that were asked for in the name of an address that is gone. */
  forgetFrom(source: u32): void {
    for (let at = 0; at < this.made; at++) {
      const entry = this.entryAt(at);
      if (entry.state == NeighbourState.FREE || entry.source != source) continue;
      const asked = entry.state == NeighbourState.ASKING;
      this.free(entry);
      if (asked) this.events.onNeighbourForgotten(entry.address);
    }
  }

  /** Looks at those whose time has come. */
  due(nowNs: i64): void {
    if (nowNs < this.dueNs) return;
    this.dueNs = i64.MAX_VALUE;
    for (let at = 0; at < this.made; at++) {
      const entry = this.entryAt(at);
      if (entry.isFree) continue;
      if (entry.dueNs <= nowNs) this.lookAt(entry, nowNs);
      if (!entry.isFree) this.dueNs = min(this.dueNs, entry.dueNs);
    }
  }

  private lookAt(entry: Neighbour, nowNs: i64): void {
    switch (entry.state) {
      case NeighbourState.ASKING:
        if (entry.tries < REQUEST_TRIES) this.ask(entry, nowNs);
        else this.silent(entry);
        return;
      case NeighbourState.REFRESHING:
        if (entry.tries < REQUEST_TRIES) this.ask(entry, nowNs);
        else if (entry.isUsed) {
          // RFC 1122 §2.3.2.1 (2): the unicast poll has failed. It may have moved: everybody is asked.
          entry.tries = 0;
          entry.state = NeighbourState.FREE;
          this.ask(entry, nowNs);
        } else this.free(entry);
        return;
      case NeighbourState.KNOWN:
        if (entry.confirmedNs + REACHABLE_NS > nowNs) {
          this.look(entry, entry.confirmedNs + REACHABLE_NS);
        } else if (entry.isUsed) this.refresh(entry, nowNs);
        else {
          entry.state = NeighbourState.STALE;
          this.look(entry, nowNs + STALE_NS);
        }
        return;
      default:
        this.free(entry);
    }
  }

  /** Asks everybody when it is not known, else only where it was last. */
  private ask(entry: Neighbour, nowNs: i64): void {
    if (entry.state == NeighbourState.FREE) entry.state = NeighbourState.ASKING;
    entry.tries++;
    this.look(entry, nowNs + REQUEST_INTERVAL_NS);
    const mac = entry.state == NeighbourState.ASKING ? MAC_BROADCAST : entry.mac;
    this.events.onNeighbourRequest(mac, entry.source, entry.address);
  }

  private refresh(entry: Neighbour, nowNs: i64): void {
    entry.state = NeighbourState.REFRESHING;
    entry.tries = 0;
    entry.isUsed = false;
    this.ask(entry, nowNs);
  }

  private silent(entry: Neighbour): void {
    this.counters.silent++;
    this.free(entry);
    this.events.onNeighbourSilent(entry.address);
  }

  private free(entry: Neighbour): void {
    entry.state = NeighbourState.FREE;
    entry.tries = 0;
  }

  private look(entry: Neighbour, dueNs: i64): void {
    entry.dueNs = dueNs;
    this.dueNs = min(this.dueNs, dueNs);
  }

  /**
   * A free entry; else the one that will be missed least, and of those the one that was heard of longest ago. Null:
   * all are wanted, and an unwanted one is all that may be replaced.
   */
  private place(unwantedOnly: bool): Neighbour | null {
    let best: Neighbour | null = null;
    let bestWorth = i32.MAX_VALUE;
    for (let at = 0; at < this.made; at++) {
      const entry = this.entryAt(at);
      const worth = worthOf(entry);
      if (unwantedOnly && worth > 1) continue;
      if (best !== null) {
        if (worth > bestWorth) continue;
        if (worth == bestWorth && entry.confirmedNs >= best.confirmedNs) continue;
      }
      best = entry;
      bestWorth = worth;
    }
    if ((best === null || !best.isFree) && this.made < this.entries.length) {
      const entry = new Neighbour();
      this.entries[this.made++] = entry;
      return entry;
    }
    if (best === null) return null;
    if (!best.isFree) {
      const asked = best.state == NeighbourState.ASKING;
      this.counters.evicted++;
      this.free(best);
      if (asked) this.events.onNeighbourForgotten(best.address);
    }
    best.confirmedNs = 0;
    return best;
  }

  // @ts-ignore: decorator
  @inline
  private entryAt(at: i32): Neighbour {
    return changetype<Neighbour>(unchecked(this.entries[at]));
  }
}

/** Free ones, those nobody has wanted, those out of use, those that may not exist, those in use. */
function worthOf(entry: Neighbour): i32 {
  if (entry.state == NeighbourState.FREE) return 0;
  if (!entry.isWanted) return 1;
  if (entry.state == NeighbourState.STALE) return 2;
  if (entry.state == NeighbourState.ASKING) return 3;
  return entry.isUsed ? 5 : 4;
}
