/**
 * Endpoint-independent mapping (RFC 4787 §4.1, RFC 5382 §4.1): whatever an inside host sends from one port leaves
 * from one port of the outside address, whoever it is for. So a peer that was told this port by another finds it.
 *
 * A mapping lives as long as it has flows; that of a forwarded port, for ever.
 *
 * Records in raw memory, in two hash tables by chains:
 *
 *      0 u32 inside address   4 u16 inside port   6 u8 protocol   7 u8 0
 *      8 u16 outside port    10 u8 is a forward  12 u32 flows
 *     16 u32 next by inside  20 u32 next by outside
 *
 * A mapping is the address of its record; 0: none.
 */
import { Random } from "@phantasm/interfaces";
import { KeyedHash } from "@phantasm/ip/hash";

const RECORD_BYTES: usize = 24;

/** How many ports are tried for a new mapping: with half of the range taken, one in 2^128 finds none. */
const PORT_TRIES_MAX: i32 = 128;

/** RFC 4787 REQ-3: a port below stays below. */
const PORT_WELL_KNOWN_END: u32 = 1024;
/** Where a well-known port that is taken goes: above those that services have. */
const PORT_WELL_KNOWN_SPARE: u32 = 600;

/** The DHCP client's own port (RFC 2131 §4.1): never mapped. */
const PORT_DHCP_CLIENT: u32 = 68;


@final
export class Mappings {
  private readonly mask: u32;
  private readonly byInside: usize;
  private readonly byOutside: usize;
  /** The first free record; they are chained where the next by inside stands. */
  private free: usize = 0;
  private used: i32 = 0;

  /** @param capacity mappings, forwards included */
  constructor(
    capacity: i32,
    private readonly portFirst: u32,
    private readonly portLast: u32,
    private readonly hash: KeyedHash,
    private readonly random: Random,
  ) {
    const buckets = powerOfTwoFrom(capacity);
    this.mask = buckets - 1;
    this.byInside = heap.alloc((<usize>buckets) << 2);
    this.byOutside = heap.alloc((<usize>buckets) << 2);
    memory.fill(this.byInside, 0, (<usize>buckets) << 2);
    memory.fill(this.byOutside, 0, (<usize>buckets) << 2);
    const records = heap.alloc(<usize>capacity * RECORD_BYTES);
    for (let at = capacity - 1; at >= 0; at--) {
      const record = records + <usize>at * RECORD_BYTES;
      store<u32>(record, <u32>this.free, 16);
      this.free = record;
    }
  }

  get count(): i32 {
    return this.used;
  }

  findInside(protocol: u8, address: u32, port: u16): usize {
    const key = insideKey(protocol, address, port);
    let record: usize = load<u32>(this.insideBucket(key));
    while (record != 0 && load<u64>(record) != key) record = load<u32>(record, 16);
    return record;
  }

  findOutside(protocol: u8, port: u16): usize {
    let record: usize = load<u32>(this.outsideBucket(protocol, port));
    while (record != 0 && (outsidePortOf(record) != port || load<u8>(record, 6) != protocol))
      record = load<u32>(record, 20);
    return record;
  }

  /** Maps a port for ever. False: it is mapped already, or there is no room. */
  forward(protocol: u8, outsidePort: u16, address: u32, port: u16): bool {
    if (this.findOutside(protocol, outsidePort) != 0) return false;
    const record = this.add(protocol, address, port, outsidePort);
    if (record == 0) return false;
    store<u8>(record, 1, 10);
    return true;
  }

  /** The mapping of an inside endpoint, made if there is none; 0: no port, or no room. */
  want(protocol: u8, address: u32, port: u16): usize {
    const known = this.findInside(protocol, address, port);
    if (known != 0) return known;
    const outsidePort = this.choose(protocol, port);
    return outsidePort == 0 ? 0 : this.add(protocol, address, port, <u16>outsidePort);
  }

  /** One flow more. */
  // @ts-ignore: decorator
  @inline
  hold(mapping: usize): void {
    store<u32>(mapping, load<u32>(mapping, 12) + 1, 12);
  }

  /** One flow less; with the last the mapping ends. */
  release(mapping: usize): void {
    const flows = load<u32>(mapping, 12) - 1;
    store<u32>(mapping, flows, 12);
    if (flows == 0) this.drop(mapping);
  }

  /** Ends a mapping that has no flows and is no forward. */
  drop(mapping: usize): void {
    if (load<u32>(mapping, 12) != 0 || isForward(mapping)) return;
    unchain(this.insideBucket(load<u64>(mapping)), mapping, 16);
    unchain(this.outsideBucket(load<u8>(mapping, 6), outsidePortOf(mapping)), mapping, 20);
    store<u32>(mapping, <u32>this.free, 16);
    this.free = mapping;
    this.used--;
  }

  private add(protocol: u8, address: u32, port: u16, outsidePort: u16): usize {
    const record = this.free;
    if (record == 0) return 0;
    this.free = load<u32>(record, 16);
    this.used++;
    const key = insideKey(protocol, address, port);
    store<u64>(record, key);
    store<u32>(record, outsidePort, 8);
    store<u32>(record, 0, 12);
    const inside = this.insideBucket(key);
    store<u32>(record, load<u32>(inside), 16);
    store<u32>(inside, <u32>record);
    const outside = this.outsideBucket(protocol, outsidePort);
    store<u32>(record, load<u32>(outside), 20);
    store<u32>(outside, <u32>record);
    return record;
  }

  /** A free port; 0: none was found. */
  private choose(protocol: u8, port: u16): u32 {
    // RFC 4787 REQ-3 (a), RFC 5382 REQ-7: as inside, where that is possible.
    if (this.isFree(protocol, port)) return port;
    let first = this.portFirst;
    let last = this.portLast;
    if (<u32>port < PORT_WELL_KNOWN_END) {
      first = PORT_WELL_KNOWN_SPARE;
      last = PORT_WELL_KNOWN_END - 1;
    }
    // RFC 4787 REQ-4: even ports stay even, for RTP. RFC 6056: from a place that nobody can foretell.
    const parity = (<u32>port) & 1;
    const start = first + ((first ^ parity) & 1);
    if (start > last) return 0;
    const choices = ((last - start) >> 1) + 1;
    let at = this.random.below(choices);
    for (let tries = min(<i32>choices, PORT_TRIES_MAX); tries > 0; tries--) {
      const candidate = start + (at << 1);
      if (this.findOutside(protocol, <u16>candidate) == 0) return candidate;
      if (++at == choices) at = 0;
    }
    return 0;
  }

  private isFree(protocol: u8, port: u16): bool {
    const inRange =
      <u32>port < PORT_WELL_KNOWN_END ||
      (<u32>port >= this.portFirst && <u32>port <= this.portLast);
    return (
      inRange && port != 0 && <u32>port != PORT_DHCP_CLIENT && this.findOutside(protocol, port) == 0
    );
  }

  // @ts-ignore: decorator
  @inline
  private insideBucket(key: u64): usize {
    return this.byInside + ((<usize>(this.hash.of(key, 1) & this.mask)) << 2);
  }

  // @ts-ignore: decorator
  @inline
  private outsideBucket(protocol: u8, port: u16): usize {
    return (
      this.byOutside + ((<usize>(this.hash.of(((<u64>protocol) << 16) | port, 2) & this.mask)) << 2)
    );
  }
}

// @ts-ignore: decorator
@inline
function insideKey(protocol: u8, address: u32, port: u16): u64 {
  return (<u64>address) | ((<u64>port) << 32) | ((<u64>protocol) << 48);
}

/** Takes a record out of a chain that it is in. */
function unchain(bucket: usize, record: usize, nextAt: usize): void {
  let link = bucket;
  while (<usize>load<u32>(link) != record) link = <usize>load<u32>(link) + nextAt;
  store<u32>(link, load<u32>(record + nextAt));
}

export function powerOfTwoFrom(count: i32): u32 {
  return count <= 1 ? 1 : 1 << (32 - clz(count - 1));
}

// @ts-ignore: decorator
@inline
export function insideAddressOf(mapping: usize): u32 {
  return load<u32>(mapping);
}

// @ts-ignore: decorator
@inline
export function insidePortOf(mapping: usize): u16 {
  return load<u16>(mapping, 4);
}

// @ts-ignore: decorator
@inline
export function outsidePortOf(mapping: usize): u16 {
  return load<u16>(mapping, 8);
}

// @ts-ignore: decorator
@inline
export function isForward(mapping: usize): bool {
  return load<u8>(mapping, 10) != 0;
}
