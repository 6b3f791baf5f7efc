/**
 * The table of flows: what goes on between an inside endpoint and a remote one. Pure, with time as a parameter;
 * bounded; the place of a flow cannot be foretold without the secret of its hash.
 *
 * **At the limit** a new flow takes the place of the oldest that is over (`CLOSING`); else of the one without an answer
 * (`OPENING`, `UDP_ONE_WAY`, `ECHO`) whose last packet is the longest ago; else it is refused. Flows that are alive
 * are never touched, so a flood costs those that it has no answer to.
 *
 * Records in raw memory:
 *
 *      0 u32 inside address   4 u32 remote address
 *      8 u16 inside port     10 u16 remote port    12 u8 protocol   13 u8 0, u16 0
 *     16 i64 time of the last packet, to a second
 *     24 u32 mapping         28 u32 next of the same hash
 *     32 u32 older           36 u32 newer of the same phase
 *     40 u32 bucket          44 u8 phase           45 u8 what of Seen
 *
 * A flow is the address of its record; 0: none.
 */
import { Protocol, SECOND } from "@phantasm/interfaces";
import { KeyedHash } from "@phantasm/ip/hash";
import { RouterCounters } from "./counters";
import { RouterLimits } from "./limits";
import { Mappings, powerOfTwoFrom } from "./mappings";
import { PHASES, PHASE_ALIVE, Phase, Seen, isOpening, phaseOf, seenWith } from "./phase";

const RECORD_BYTES: usize = 48;

/** A queue is put in order once in so long for each flow, so that most packets cost it nothing. */
const GRAIN_NS: i64 = SECOND;

/** Flows that a packet may find overdue and end: the work of a step stays bounded. */
const EXPIRED_MAX: i32 = 64;


@final
export class Flows {
  private readonly mask: u32;
  private readonly buckets: usize;
  /** For each phase u32 oldest, u32 newest. */
  private readonly queues: usize;
  private readonly timeOuts: StaticArray<i64> = new StaticArray<i64>(PHASES);
  private free: usize = 0;
  private used: i32 = 0;

  constructor(
    limits: RouterLimits,
    private readonly mappings: Mappings,
    private readonly hash: KeyedHash,
    private readonly counters: RouterCounters,
  ) {
    const capacity = limits.flows;
    const buckets = powerOfTwoFrom(capacity);
    this.mask = buckets - 1;
    this.buckets = heap.alloc((<usize>buckets) << 2);
    memory.fill(this.buckets, 0, (<usize>buckets) << 2);
    this.queues = heap.alloc(PHASES << 3);
    memory.fill(this.queues, 0, PHASES << 3);
    const records = heap.alloc(<usize>capacity * RECORD_BYTES);
    for (let at = capacity - 1; at >= 0; at--) {
      const record = records + <usize>at * RECORD_BYTES;
      store<u32>(record, <u32>this.free, 28);
      this.free = record;
    }
    this.timeOuts[Phase.CLOSING] = limits.tcpTransitoryNs;
    this.timeOuts[Phase.OPENING] = limits.tcpTransitoryNs;
    this.timeOuts[Phase.UDP_ONE_WAY] = limits.udpOneWayNs;
    this.timeOuts[Phase.ECHO] = limits.echoNs;
    this.timeOuts[Phase.UDP_BOTH_WAYS] = limits.udpBothWaysNs;
    this.timeOuts[Phase.ESTABLISHED] = limits.tcpEstablishedNs;
  }

  get count(): i32 {
    return this.used;
  }

  find(protocol: u8, inside: u32, insidePort: u16, remote: u32, remotePort: u16): usize {
    const addresses = addressKey(inside, remote);
    const ports = portKey(protocol, insidePort, remotePort);
    let flow: usize = load<u32>(this.bucketOf(addresses, ports));
    while (flow != 0 && (load<u64>(flow) != addresses || load<u64>(flow, 8) != ports))
      flow = load<u32>(flow, 28);
    return flow;
  }

  /** A new flow of this mapping; 0: the table is full of live ones. */
  add(
    mapping: usize,
    protocol: u8,
    inside: u32,
    insidePort: u16,
    remote: u32,
    remotePort: u16,
    fromInside: bool,
    nowNs: i64,
  ): usize {
    // The mapping must not end while room is made.
    this.mappings.hold(mapping);
    let flow = this.free;
    if (flow == 0) {
      this.makeRoom();
      flow = this.free;
      if (flow == 0) {
        this.mappings.release(mapping);
        this.counters.flowsRefused++;
        return 0;
      }
    }
    this.free = load<u32>(flow, 28);
    this.used++;
    this.counters.flowsMade++;
    const addresses = addressKey(inside, remote);
    const ports = portKey(protocol, insidePort, remotePort);
    const bucket = this.bucketOf(addresses, ports);
    store<u64>(flow, addresses);
    store<u64>(flow, ports, 8);
    store<i64>(flow, nowNs, 16);
    store<u32>(flow, <u32>mapping, 24);
    store<u32>(flow, load<u32>(bucket), 28);
    store<u32>(flow, <u32>bucket, 40);
    store<u32>(bucket, <u32>flow);
    let phase = Phase.OPENING;
    if (protocol == Protocol.UDP) phase = Phase.UDP_ONE_WAY;
    else if (protocol == Protocol.ICMP) phase = Phase.ECHO;
    store<u8>(flow, fromInside ? Seen.BEGAN_INSIDE : 0, 45);
    this.enqueue(flow, phase);
    return flow;
  }

  /**
   * May a segment go on in this flow? False: it begins a new connection from the side that did not begin the last one,
   * which has to be asked for (`add`) again.
   */
  continues(flow: usize, fromInside: bool, tcpFlags: u8): bool {
    if (load<u8>(flow, 12) != Protocol.TCP || load<u8>(flow, 44) != Phase.CLOSING) return true;
    return !isOpening(tcpFlags) || fromInside == ((load<u8>(flow, 45) & Seen.BEGAN_INSIDE) != 0);
  }

  /** A packet of the flow passes. */
  note(flow: usize, fromInside: bool, tcpFlags: u8, nowNs: i64): void {
    const phase = <Phase>load<u8>(flow, 44);
    let next = phase;
    const protocol = load<u8>(flow, 12);
    if (protocol == Protocol.TCP) {
      const before = load<u8>(flow, 45);
      const seen = seenWith(phase, before, fromInside, tcpFlags);
      if (seen != before) {
        store<u8>(flow, seen, 45);
        next = phaseOf(seen);
      }
    } else if (phase == Phase.UDP_ONE_WAY) {
      const began = (load<u8>(flow, 45) & Seen.BEGAN_INSIDE) != 0;
      if (began != fromInside) next = Phase.UDP_BOTH_WAYS;
    }
    if (next == phase && nowNs - load<i64>(flow, 16) < GRAIN_NS) return;
    this.dequeue(flow);
    store<i64>(flow, nowNs, 16);
    this.enqueue(flow, next);
  }

  remove(flow: usize): void {
    let link: usize = load<u32>(flow, 40);
    while (<usize>load<u32>(link) != flow) link = <usize>load<u32>(link) + 28;
    store<u32>(link, load<u32>(flow, 28));
    this.dequeue(flow);
    const mapping: usize = load<u32>(flow, 24);
    store<u32>(flow, <u32>this.free, 28);
    this.free = flow;
    this.used--;
    this.mappings.release(mapping);
  }

  /** Ends flows whose time is over, some at a time: call again when `nextNs` says so. */
  due(nowNs: i64): void {
    let left = EXPIRED_MAX;
    for (let phase = 0; phase < PHASES; phase++) {
      let flow = this.oldest(phase);
      while (flow != 0 && this.dueOf(flow, phase) <= nowNs) {
        if (left-- == 0) return;
        this.remove(flow);
        this.counters.flowsExpired++;
        flow = this.oldest(phase);
      }
    }
  }

  /** When the next flow's time is over; i64.MAX_VALUE: there is none. */
  get nextNs(): i64 {
    let next = i64.MAX_VALUE;
    for (let phase = 0; phase < PHASES; phase++) {
      const flow = this.oldest(phase);
      if (flow != 0) next = min(next, this.dueOf(flow, phase));
    }
    return next;
  }

  /** Ends all flows: the address outside is another. */
  clear(): void {
    for (let phase = 0; phase < PHASES; phase++)
      for (let flow = this.oldest(phase); flow != 0; flow = this.oldest(phase)) this.remove(flow);
  }

  /** A flow, to go through all of them; 0: there is none. */
  first(): usize {
    return this.firstFrom(0);
  }

  /** Another one; 0: that was the last. */
  after(flow: usize): usize {
    const newer: usize = load<u32>(flow, 36);
    return newer != 0 ? newer : this.firstFrom(<i32>load<u8>(flow, 44) + 1);
  }

  private firstFrom(phase: i32): usize {
    for (; phase < PHASES; phase++) {
      const flow = this.oldest(phase);
      if (flow != 0) return flow;
    }
    return 0;
  }

  private makeRoom(): void {
    let victim = this.oldest(Phase.CLOSING);
    if (victim == 0) {
      for (let phase = Phase.OPENING; phase < PHASE_ALIVE; phase++) {
        const flow = this.oldest(phase);
        if (flow != 0 && (victim == 0 || load<i64>(flow, 16) < load<i64>(victim, 16)))
          victim = flow;
      }
      if (victim == 0) return;
    }
    this.counters.flowsEvicted++;
    this.remove(victim);
  }

  // @ts-ignore: decorator
  @inline
  private dueOf(flow: usize, phase: i32): i64 {
    return load<i64>(flow, 16) + unchecked(this.timeOuts[phase]) + GRAIN_NS;
  }

  // @ts-ignore: decorator
  @inline
  private oldest(phase: i32): usize {
    return load<u32>(this.queues + ((<usize>phase) << 3));
  }

  private enqueue(flow: usize, phase: Phase): void {
    const queue = this.queues + ((<usize>phase) << 3);
    const newest: usize = load<u32>(queue, 4);
    store<u8>(flow, <u8>phase, 44);
    store<u32>(flow, <u32>newest, 32);
    store<u32>(flow, 0, 36);
    if (newest == 0) store<u32>(queue, <u32>flow);
    else store<u32>(newest, <u32>flow, 36);
    store<u32>(queue, <u32>flow, 4);
  }

  private dequeue(flow: usize): void {
    const queue = this.queues + ((<usize>load<u8>(flow, 44)) << 3);
    const older: usize = load<u32>(flow, 32);
    const newer: usize = load<u32>(flow, 36);
    if (older == 0) store<u32>(queue, <u32>newer);
    else store<u32>(older, <u32>newer, 36);
    if (newer == 0) store<u32>(queue, <u32>older, 4);
    else store<u32>(newer, <u32>older, 32);
  }

  // @ts-ignore: decorator
  @inline
  private bucketOf(addresses: u64, ports: u64): usize {
    return this.buckets + ((<usize>(this.hash.of(addresses, ports) & this.mask)) << 2);
  }
}

// @ts-ignore: decorator
@inline
function addressKey(inside: u32, remote: u32): u64 {
  return (<u64>inside) | ((<u64>remote) << 32);
}

// @ts-ignore: decorator
@inline
function portKey(protocol: u8, insidePort: u16, remotePort: u16): u64 {
  return (<u64>insidePort) | ((<u64>remotePort) << 16) | ((<u64>protocol) << 32);
}

// @ts-ignore: decorator
@inline
export function mappingOf(flow: usize): usize {
  return load<u32>(flow, 24);
}

// @ts-ignore: decorator
@inline
export function phaseOfFlow(flow: usize): Phase {
  return <Phase>load<u8>(flow, 44);
}

// @ts-ignore: decorator
@inline
export function protocolOf(flow: usize): u8 {
  return load<u8>(flow, 12);
}

/** Address and, in the lower 16 bits, port. */
export function insideEndOf(flow: usize): u64 {
  return ((<u64>load<u32>(flow)) << 16) | load<u16>(flow, 8);
}

export function remoteEndOf(flow: usize): u64 {
  return ((<u64>load<u32>(flow, 4)) << 16) | load<u16>(flow, 10);
}
