/**
 * The neighbour cache: who of the link has which link address, and whether it can be reached (RFC 4861 §7, the
 * states of its appendix C as a table).
 *
 * It has a fixed number of entries. Floods are met as RFC 6583 asks: addresses that nobody has take a small part of
 * it, what is heard without being asked for displaces nothing that was used, and routers stay.
 */
import { MILLISECOND, Random, SECOND } from "@phantasm/interfaces";
import { TokenBucket } from "@phantasm/ip/token-bucket";
import { rawMemory } from "./raw";

/** Entries that wait for a first answer. */
export const INCOMPLETE_MAX: i32 = 16;
/** New addresses asked for in a second, and at once. */
export const RESOLUTIONS_PER_SECOND: i32 = 64;

// RFC 4861 §10.
export const DELAY_FIRST_PROBE_NS: i64 = 5 * SECOND;
const SOLICITATIONS_MAX: i32 = 3;

export const NEVER: i64 = i64.MAX_VALUE;

export namespace State {
  /** Not in the cache. */
  export const GONE: i32 = 0;
  export const INCOMPLETE: i32 = 1;
  export const REACHABLE: i32 = 2;
  export const STALE: i32 = 3;
  export const DELAY: i32 = 4;
  export const PROBE: i32 = 5;
}

/** What may happen to an entry that is in the cache. */
export namespace Event {
  /** A neighbour advertisement; plus SOLICITED, OVERRIDE and OTHER_LINK. */
  export const ADVERTISED: i32 = 0;
  export const SOLICITED: i32 = 1;
  export const OVERRIDE: i32 = 2;
  /** It names another link address than the cache, or the first. */
  export const OTHER_LINK: i32 = 4;
  /** Another message names the link address that is known, or another one. */
  export const HEARD: i32 = 8;
  export const HEARD_OTHER: i32 = 9;
  /** A transport knows that it is alive. */
  export const HINT: i32 = 10;
  export const SENT: i32 = 11;
  /** What REACHABLE, DELAY or an answer has time for is over. */
  export const TIMEOUT: i32 = 12;
}

const EVENTS: i32 = 13;
/** Of an entry of the table: the state that follows, and what else happens. */
const NEXT: i32 = 7;
/** The link address is taken over. */
const RECORD: i32 = 8;
/** The time of the state begins anew. */
const RESTART: i32 = 16;

const I: u8 = <u8>State.INCOMPLETE;
const R: u8 = <u8>State.REACHABLE;
const S: u8 = <u8>State.STALE;
const D: u8 = <u8>State.DELAY;
const P: u8 = <u8>State.PROBE;
/** Reachable anew. */
const A: u8 = <u8>(State.REACHABLE | RESTART);
const AR: u8 = <u8>(State.REACHABLE | RESTART | RECORD);
const SR: u8 = <u8>(State.STALE | RECORD);
/** Probe anew: with the next attempt. */
const PP: u8 = <u8>(State.PROBE | RESTART);
const II: u8 = <u8>(State.INCOMPLETE | RESTART);

/**
 * Columns: the same link address with nothing, S, O, S and O; another one with the same; HEARD, HEARD_OTHER; HINT,
 * SENT, TIMEOUT. Where the text of §7.2.5 and the table of appendix C disagree, the text counts: it is normative.
 */
// prettier-ignore
const transitions: usize = memory.data<u8>([
  I, I, I, I,  SR, AR, SR, AR,  I, SR,  I, I, II,
  R, A, R, A,  S,  S,  SR, AR,  R, SR,  A, R, S,
  S, A, S, A,  S,  S,  SR, AR,  S, SR,  A, D, S,
  D, A, D, A,  D,  D,  SR, AR,  D, SR,  A, D, P,
  P, A, P, A,  P,  P,  SR, AR,  P, SR,  A, P, PP,
]);

/**
 * An entry: raw memory of the cache, for as long as there is one. It is used again for another address, so whoever
 * keeps it compares the address.
 */
@unmanaged
export class Neighbour {
  high: u64;
  low: u64;
  /** Its link address, as in @phantasm/ethernet. */
  link: u64;
  /** When the time of the state is over. */
  dueNs: i64;
  touchedNs: i64;
  state: i32;
  /** Solicitations sent in this state. */
  tries: i32;
  isRouter: bool;
  /** Something was sent to it: it was not only heard. */
  wasUsed: bool;
}

/** What the cache has done. */
export interface NeighbourOutput {
  /** Ask for its link address: all, or, when it is known, the neighbour itself. */
  solicit(neighbour: Neighbour): void;
  /** The link address has become known: what waits may go. */
  resolved(neighbour: Neighbour): void;
  /** It leaves the cache; silent, because it did not answer, or because its place is needed. */
  forgotten(neighbour: Neighbour, isSilent: bool): void;
  /** It has said that it is a router no more. */
  isNoRouter(neighbour: Neighbour): void;
  /** Somebody that packets are sent through, who is not to be displaced. */
  isNextHop(high: u64, low: u64): bool;
}


@final
export class Neighbours {
  /** Base for the time a neighbour is reachable, and between solicitations; routers may say otherwise. */
  reachableNs: i64 = 30 * SECOND;
  retransmitNs: i64 = SECOND;
  /** Neighbours that found no room, or no turn. */
  refused: u64 = 0;
  /** Those that lost theirs to another. */
  displaced: u64 = 0;
  /** Never after the first due of an entry that needs something done then. */
  dueNs: i64 = NEVER;
  /** Set by its owner before anything else. */
  owner: NeighbourOutput | null = null;
  private count: i32 = 0;
  private incomplete: i32 = 0;
  /** Where the entries begin, and end. */
  private readonly first: usize;
  private readonly end: usize;
  private readonly turns: TokenBucket = new TokenBucket(
    SECOND / RESOLUTIONS_PER_SECOND,
    RESOLUTIONS_PER_SECOND,
  );

  /** @param capacity entries; at least 2 * INCOMPLETE_MAX */
  constructor(
    private readonly random: Random,
    capacity: i32,
  ) {
    const first = rawMemory(capacity * offsetof<Neighbour>());
    this.first = first;
    this.end = first + capacity * offsetof<Neighbour>();
  }

  // @ts-ignore: decorator
  @inline
  private get output(): NeighbourOutput {
    return changetype<NeighbourOutput>(this.owner);
  }

  get length(): i32 {
    return this.count;
  }

  find(high: u64, low: u64): Neighbour | null {
    for (let at = this.first; at < this.end; at += offsetof<Neighbour>()) {
      const entry = changetype<Neighbour>(at);
      if (entry.low == low && entry.high == high && entry.state != State.GONE) return entry;
    }
    return null;
  }

  /** The entry, new if there is none: then it asks. Null: too many are asked for already. */
  resolve(high: u64, low: u64, nowNs: i64): Neighbour | null {
    const known = this.find(high, low);
    if (known !== null) return known;
    if (!this.turns.take(nowNs)) {
      this.refused++;
      return null;
    }
    const entry = this.add(high, low, nowNs, true);
    if (entry !== null) {
      entry.state = State.INCOMPLETE;
      entry.wasUsed = true;
      this.incomplete++;
      this.attempt(entry, nowNs);
    }
    return entry;
  }

  /** Before something is sent to it. True: its link address is known; false: it has to wait. */
  use(entry: Neighbour, nowNs: i64): bool {
    entry.touchedNs = nowNs;
    entry.wasUsed = true;
    if (entry.state == State.REACHABLE && nowNs >= entry.dueNs)
      this.apply(entry, Event.TIMEOUT, 0, nowNs);
    if (entry.state == State.STALE) this.apply(entry, Event.SENT, 0, nowNs);
    return entry.state != State.INCOMPLETE;
  }

  /** RFC 4861 §7.3.1: something sent through it has arrived. */
  confirm(entry: Neighbour, nowNs: i64): void {
    // Often, with every acknowledgement: most of its time is left then.
    if (entry.state == State.REACHABLE && entry.dueNs - nowNs > this.reachableNs >> 2) return;
    if (entry.state != State.GONE) this.apply(entry, Event.HINT, 0, nowNs);
  }

  /**
   * A solicitation, router message or redirect tells the link address of a neighbour, unasked (§7.2.3, §6.2.6,
   * §6.3.4, §8.3). Null: there is no room for what nobody asked for.
   */
  heard(high: u64, low: u64, link: u64, nowNs: i64): Neighbour | null {
    let entry = this.find(high, low);
    if (entry === null) {
      entry = this.add(high, low, nowNs, false);
      if (entry === null) return null;
      entry.state = State.STALE;
      entry.link = link;
      entry.dueNs = NEVER;
      return entry;
    }
    const other = entry.state == State.INCOMPLETE || entry.link != link;
    this.apply(entry, other ? Event.HEARD_OTHER : Event.HEARD, link, nowNs);
    return entry;
  }

  /**
   * An advertisement (§7.2.5). Whoever is not in the cache was not asked for.
   *
   * @param hasLink it names a link address
   * @param flags SOLICITED and OVERRIDE
   */
  advertised(
    high: u64,
    low: u64,
    hasLink: bool,
    link: u64,
    flags: i32,
    isRouter: bool,
    nowNs: i64,
  ): void {
    const entry = this.find(high, low);
    if (entry === null) return;
    const incomplete = entry.state == State.INCOMPLETE;
    if (incomplete && !hasLink) return;
    const other = incomplete || (hasLink && entry.link != link);
    const wasRouter = entry.isRouter;
    this.apply(entry, Event.ADVERTISED + flags + (other ? Event.OTHER_LINK : 0), link, nowNs);
    // Without OVERRIDE an advertisement with another link address changes nothing else.
    if (!incomplete && other && !(flags & Event.OVERRIDE)) return;
    entry.isRouter = isRouter;
    if (wasRouter && !isRouter) this.output.isNoRouter(entry);
  }

  /** Does what is due at `nowNs`, and finds out when to be called again. */
  expire(nowNs: i64): void {
    if (nowNs < this.dueNs) return;
    this.dueNs = NEVER;
    for (let at = this.first; at < this.end; at += offsetof<Neighbour>()) {
      const entry = changetype<Neighbour>(at);
      // The end of REACHABLE is seen when it is used: a domain does not wake up for it.
      if (entry.state == State.GONE || entry.state == State.REACHABLE) continue;
      if (entry.dueNs <= nowNs) {
        if (entry.tries >= SOLICITATIONS_MAX) this.forget(entry, true);
        else this.apply(entry, Event.TIMEOUT, 0, nowNs);
      }
      if (entry.state != State.GONE && entry.state != State.REACHABLE)
        this.dueNs = min(this.dueNs, entry.dueNs);
    }
  }

  private apply(entry: Neighbour, event: i32, link: u64, nowNs: i64): void {
    const before = entry.state;
    const action = <i32>load<u8>(transitions + (before - 1) * EVENTS + event);
    const state = action & NEXT;
    if (action & RECORD) entry.link = link;
    entry.state = state;
    if (state != before) {
      entry.tries = 0;
      entry.dueNs = NEVER;
    } else if (!(action & RESTART)) return;
    if (state == State.REACHABLE) entry.dueNs = nowNs + this.reachable();
    else if (state == State.DELAY) {
      entry.dueNs = nowNs + DELAY_FIRST_PROBE_NS;
      this.dueNs = min(this.dueNs, entry.dueNs);
    } else if (state != State.STALE) this.attempt(entry, nowNs);
    if (before == State.INCOMPLETE && state != before) {
      this.incomplete--;
      this.output.resolved(entry);
    }
  }

  private attempt(entry: Neighbour, nowNs: i64): void {
    entry.tries++;
    entry.dueNs = nowNs + this.retransmitNs;
    this.dueNs = min(this.dueNs, entry.dueNs);
    this.output.solicit(entry);
  }

  /** RFC 4861 §6.3.2: evenly between a half and three halves, so that a link's hosts do not ask in step. */
  private reachable(): i64 {
    const ms = <u32>(this.reachableNs / MILLISECOND);
    return <i64>((ms >> 1) + this.random.below(ms + 1)) * MILLISECOND;
  }

  private add(high: u64, low: u64, nowNs: i64, asked: bool): Neighbour | null {
    const entry = this.place(asked);
    if (entry === null) {
      this.refused++;
      return null;
    }
    if (entry.state != State.GONE) {
      this.displaced++;
      this.forget(entry, false);
    }
    entry.high = high;
    entry.low = low;
    entry.isRouter = false;
    entry.wasUsed = false;
    entry.tries = 0;
    entry.touchedNs = nowNs;
    this.count++;
    return entry;
  }

  /**
   * A place for a new entry: a free one, else that of whoever is missed the least. Who was asked for takes the place
   * of another that does not answer when there are many of those, else of what was only heard, else of what was
   * used longest ago; who was only heard, of its own kind.
   */
  private place(asked: bool): Neighbour | null {
    const crowded = asked && this.incomplete >= INCOMPLETE_MAX;
    let found: Neighbour | null = null;
    let foundRank = asked ? 3 : 1;
    for (let at = this.first; at < this.end; at += offsetof<Neighbour>()) {
      const entry = changetype<Neighbour>(at);
      const state = entry.state;
      let rank = 0;
      if (state == State.INCOMPLETE) {
        if (!crowded) continue;
      } else if (crowded) continue;
      else if (state == State.GONE) return entry;
      else if (entry.wasUsed) rank = state == State.STALE ? 1 : 2;
      if (rank > foundRank || (found === null && rank == foundRank)) continue;
      if (found !== null && rank == foundRank && entry.touchedNs >= found.touchedNs) continue;
      if (this.output.isNextHop(entry.high, entry.low)) continue;
      found = entry;
      foundRank = rank;
    }
    return found;
  }

  private forget(entry: Neighbour, isSilent: bool): void {
    this.count--;
    if (entry.state == State.INCOMPLETE) this.incomplete--;
    entry.state = State.GONE;
    this.output.forgotten(entry, isSilent);
  }
}
