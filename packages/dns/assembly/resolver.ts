import { EXHAUSTED, IpAddress, NO_SUCH_NAME, Random, Udp } from "@phantasm/interfaces";
import { now, ready } from "@phantasm/runtime";
import { Answer } from "./answer";
import { Cache } from "./cache";
import { LongAnswers } from "./long-answers";
import { Family, Lookup, LookupHandler } from "./lookup";
import { Question } from "./question";
import { NameServers, ServerSource } from "./servers";
import {
  MALFORMED,
  MessageWriter,
  NAME_BUFFER_BYTES,
  NAME_BYTES_MAX,
  RecordType,
  equalNames,
  isWithin,
  nameOfText,
} from "./wire";

/** A query: header, name, type and class, OPT. */
const QUERY_BYTES_MAX: i32 = 12 + NAME_BYTES_MAX + 4 + 11;

/** How much a resolver takes on. */
export class ResolverLimits {
  /** Questions on their way at once; one more is answered with EXHAUSTED. Each has a UDP socket. */
  questions: i32 = 16;
  /** Lookups that have not ended; for one more, `resolve` answers null. */
  lookups: i32 = 64;
  /** Addresses that `addHost` takes; for one more it answers false. */
  hosts: i32 = 32;
  /** Names and types in the cache, 424 bytes each. */
  cacheEntries: i32 = 64;
}

/** Sums since boot. */
export class ResolverCounters {
  lookups: u64 = 0;
  /** Lookups or questions beyond the limits. */
  exhausted: u64 = 0;
  /** Datagrams sent. */
  queries: u64 = 0;
  answers: u64 = 0;
  /** Not from the server, or not to the question: late, or forged. */
  strange: u64 = 0;
  /** Tries that ended with an error of the server or on the way to it. */
  failed: u64 = 0;
  timeouts: u64 = 0;
  truncated: u64 = 0;
}

/** A name with an address that is known without asking. */
class Host {
  constructor(
    readonly name: Uint8Array,
    readonly nameBytes: i32,
    readonly address: IpAddress,
  ) {}
}

/**
 * Finds the addresses of names (RFC 1034 §5.3.1, a stub resolver): asks name servers that do the work, and remembers
 * what they say for as long as they allow.
 */
export class Resolver {
  /** Asks with letters of random case and takes only answers that repeat it. A few servers do not. */
  randomCase: bool = false;
  /** What `Family.ANY` stands for: the versions of IP that the stack has. */
  hasIpv4: bool = true;
  hasIpv6: bool = true;
  /** Fetches answers that are too long for a datagram; without, what did fit is used. */
  longAnswers: LongAnswers | null = null;

  /** Why the last `resolve` answered null. */
  lastError: i32 = 0;

  readonly counters: ResolverCounters = new ResolverCounters();
  readonly cache: Cache;

  // For questions.
  readonly servers: NameServers = new NameServers();
  /** Which server is asked first: the one that has answered last. */
  preferred: i32 = 0;
  readonly answer: Answer = new Answer();
  readonly writer: MessageWriter = new MessageWriter();
  readonly buffer: Uint8Array = new Uint8Array(QUERY_BYTES_MAX);

  private readonly questions: Question[] = [];
  private readonly hosts: Host[] = [];
  private readonly name: usize = heap.alloc(NAME_BUFFER_BYTES);
  private readonly localhost: usize = heap.alloc(NAME_BUFFER_BYTES);
  private readonly localhostBytes: i32;
  private pending: i32 = 0;

  constructor(
    readonly udp: Udp,
    readonly random: Random,
    private readonly limits: ResolverLimits = new ResolverLimits(),
  ) {
    this.cache = new Cache(random, limits.cacheEntries);
    this.localhostBytes = nameOfText("localhost", this.localhost);
  }

  /**
   * Name servers from this source take the place of earlier ones from it; at most SERVERS_MAX of all are asked. What
   * the cache has stays.
   */
  setServers(source: ServerSource, addresses: IpAddress[]): void {
    this.servers.set(source, addresses);
    this.preferred = 0;
    if (this.servers.count > 0)
      for (let index = 0; index < this.questions.length; index++) this.questions[index].onServers();
  }

  /**
   * The name has this address, among others that are added; name servers are not asked for it. False: it is
   * no name, or the limit of them is reached.
   */
  addHost(name: string, address: IpAddress): bool {
    const bytes = nameOfText(name, this.name);
    if (bytes == MALFORMED || this.hosts.length == this.limits.hosts) return false;
    const copy = new Uint8Array(NAME_BUFFER_BYTES);
    memory.copy(copy.dataStart, this.name, bytes);
    this.hosts.push(new Host(copy, bytes, address));
    return true;
  }

  /** Lookups that have not ended. */
  get lookups(): i32 {
    return this.pending;
  }

  /**
   * Looks a name up; the handler is told, never inside this call. An address in numbers is its own answer. Two
   * lookups of one name are one question. Null: the limit of lookups is reached.
   */
  resolve(name: string, family: Family, handler: LookupHandler): Lookup | null {
    if (this.pending >= this.limits.lookups) {
      this.counters.exhausted++;
      this.lastError = EXHAUSTED;
      return null;
    }
    this.pending++;
    this.counters.lookups++;
    const lookup = new Lookup(this, name, handler);
    const wantsIpv4 = family == Family.ANY ? this.hasIpv4 : family == Family.IPV4;
    const wantsIpv6 = family == Family.ANY ? this.hasIpv6 : family == Family.IPV6;
    if (this.answersItself(lookup, wantsIpv4, wantsIpv6)) {
      lookup.error = NO_SUCH_NAME; // unless addresses were added
      ready(lookup);
      return lookup;
    }
    // Both at once, AAAA first (RFC 8305 §3).
    lookup.outstanding = (wantsIpv4 ? 1 : 0) + (wantsIpv6 ? 1 : 0);
    const bytes = nameOfText(name, this.name);
    if (wantsIpv6) this.ask(lookup, bytes, RecordType.AAAA);
    if (wantsIpv4) this.ask(lookup, bytes, RecordType.A);
    return lookup;
  }

  /** For lookups. */
  cancel(lookup: Lookup): void {
    if (lookup.isOver) return;
    this.end(lookup);
    for (let index = 0; index < this.questions.length; index++) this.questions[index].leave(lookup);
  }

  /** For lookups. */
  end(lookup: Lookup): void {
    lookup.isOver = true;
    this.pending--;
  }

  /** For questions: this server has answered. */
  prefer(server: IpAddress): void {
    for (let index = 0; index < this.servers.count; index++)
      if (this.servers.at(index).equals(server)) this.preferred = index;
  }

  /** Numbers, names of the configuration, names that are known to all; and what is no name. */
  private answersItself(lookup: Lookup, wantsIpv4: bool, wantsIpv6: bool): bool {
    const literal = IpAddress.parse(lookup.name);
    if (literal !== null) {
      if (literal.isIpv4 ? wantsIpv4 : wantsIpv6) lookup.add(literal);
      return true;
    }
    const name = this.name;
    const bytes = nameOfText(lookup.name, name);
    if (bytes == MALFORMED || !(wantsIpv4 || wantsIpv6)) return true;
    let isHost = false;
    for (let index = 0; index < this.hosts.length; index++) {
      const host = this.hosts[index];
      if (!equalNames(host.name.dataStart, host.nameBytes, name, bytes)) continue;
      isHost = true;
      if (host.address.isIpv4 ? wantsIpv4 : wantsIpv6) lookup.add(host.address);
    }
    // RFC 6761 §6.3: no server is asked for localhost, nor for what is below.
    if (!isHost && isWithin(name, bytes, this.localhost, this.localhostBytes)) {
      isHost = true;
      if (wantsIpv4) lookup.add(IpAddress.ipv4(127, 0, 0, 1));
      if (wantsIpv6) lookup.add(new IpAddress(0, 1));
    }
    return isHost;
  }

  /** From the cache, by joining a question that is on its way, or by a new one. */
  private ask(lookup: Lookup, nameBytes: i32, type: i32): void {
    const name = this.name;
    const cache = this.cache;
    const entry = cache.find(name, nameBytes, type, now());
    if (entry != 0) {
      const count = cache.countOf(entry);
      lookup.answer(count > 0 ? 0 : NO_SUCH_NAME, cache.addressesOf(entry), count);
      return;
    }
    let free: Question | null = null;
    for (let index = 0; index < this.questions.length; index++) {
      const question = this.questions[index];
      if (question.asks(name, nameBytes, type)) {
        question.join(lookup);
        return;
      }
      if (!question.isBusy) free = question;
    }
    if (free === null) {
      if (this.questions.length == this.limits.questions) {
        this.counters.exhausted++;
        lookup.answer(EXHAUSTED, 0, 0);
        return;
      }
      free = new Question(this);
      this.questions.push(free);
    }
    free.begin(name, nameBytes, type, lookup);
  }
}
