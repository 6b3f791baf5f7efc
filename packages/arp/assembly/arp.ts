import { Random } from "@phantasm/interfaces";
import {
  EtherType,
  EthernetHandler,
  Frame,
  MAC_BROADCAST,
  isGroupMac,
} from "@phantasm/ethernet/frame";
import { Ethernet } from "@phantasm/ethernet/ethernet";
import { WaitingFrames } from "@phantasm/ethernet/waiting";
import { now } from "@phantasm/runtime";
import { Timed, cancelTimer, setTimer } from "@phantasm/runtime/timers";
import { ClaimEvents, Claims } from "./claims";
import { ArpCounters } from "./counters";
import { Neighbour } from "./neighbour";
import { NeighbourEvents, Neighbours } from "./neighbours";
import { ARP_BYTES, ArpOperation, ArpPacket, emitArp } from "./wire";

/** Who has the addresses: the Internet layer. */
export interface ArpOwner {
  /** An address that was claimed may be used. */
  onAddressReady(address: u32): void;

  /** Somebody else has it: it may not be used any more. */
  onAddressConflict(address: u32): void;

  /** A neighbour does not answer. What waits for it is dropped when this returns. */
  onNeighbourGone(address: u32): void;
}

/**
 * The address resolution protocol: neighbours, our own addresses, and the timer of both. This is the thin shell:
 * `Neighbours` and `Claims` decide.
 */
@final
export class Arp extends Timed implements EthernetHandler, NeighbourEvents, ClaimEvents {
  readonly counters: ArpCounters = new ArpCounters();
  readonly waiting: WaitingFrames;
  private neighbours: Neighbours | null = null;
  private claims: Claims | null = null;
  private readonly packet: ArpPacket = new ArpPacket();

  /**
   * @param neighboursMax entries of the table; the one that is missed least makes room
   * @param addressesMax addresses of our own
   * @param waitingMax frames that wait for an answer at once, in all
   */
  constructor(
    private readonly ethernet: Ethernet,
    private readonly owner: ArpOwner,
    random: Random,
    neighboursMax: i32,
    addressesMax: i32,
    waitingMax: i32,
  ) {
    super();
    this.waiting = new WaitingFrames(ethernet, waitingMax, max(1, waitingMax / 2));
    this.neighbours = new Neighbours(neighboursMax, this.counters, this);
    this.claims = new Claims(addressesMax, random, this.counters, this);
    ethernet.register(EtherType.ARP, this);
  }

  /** Wants to send to a neighbour: it is known when this returns, or asked for. */
  want(address: u32, source: u32): Neighbour {
    const entry = this.table.want(address, source, now());
    this.schedule();
    return entry;
  }

  /** Is about to send to a neighbour that is not simply known: it may have to be asked for. */
  use(entry: Neighbour, source: u32): void {
    this.table.use(entry, source, now());
    this.schedule();
  }

  confirm(entry: Neighbour): void {
    this.table.confirm(entry, now());
  }

  /** Claims an address; see `Claims.add`. */
  claim(address: u32, probes: bool, defends: bool): bool {
    const claimed = this.own.add(address, probes, defends, now());
    this.schedule();
    return claimed;
  }

  /** Gives an address up. */
  release(address: u32): void {
    this.own.remove(address);
    this.table.forgetFrom(address);
    this.schedule();
  }

  /** Neighbours in the table. */
  get count(): i32 {
    return this.table.count;
  }

  onEthernet(frame: Frame): void {
    const packet = this.packet;
    const counters = this.counters;
    if (!packet.parse(frame.payload, frame.bytes) || isGroupMac(packet.senderMac)) {
      counters.malformed++;
      return;
    }
    const isRequest = packet.operation == ArpOperation.REQUEST;
    if (isRequest) counters.requestsReceived++;
    else counters.repliesReceived++;
    // Our own packet, come back by a bridge: not a conflict.
    if (packet.senderMac == this.ethernet.mac) return;
    const nowNs = now();
    const own = this.own;
    const sender = packet.sender;
    const target = packet.target;
    own.heard(sender, target, nowNs);
    // Those that say they were us were dealt with.
    if (own.owns(sender)) return this.schedule();
    const toUs = isRequest && own.owns(target);
    // Nothing is learned of probes (no sender) and groups.
    if (sender != 0 && sender < 0xe000_0000)
      this.table.heard(sender, packet.senderMac, toUs, nowNs);
    if (toUs) {
      counters.repliesSent++;
      this.send(packet.senderMac, ArpOperation.REPLY, target, packet.senderMac, sender);
    }
    this.schedule();
  }

  onEthernetGone(): void {
    cancelTimer(this);
  }

  timerDue(nowNs: i64): void {
    this.table.due(nowNs);
    this.own.due(nowNs);
    this.schedule();
  }

  onNeighbourRequest(mac: u64, source: u32, target: u32): void {
    this.counters.requestsSent++;
    this.send(mac, ArpOperation.REQUEST, source, 0, target);
  }

  onNeighbourKnown(address: u32, mac: u64): void {
    this.waiting.sendTo(0, address, mac);
  }

  onNeighbourSilent(address: u32): void {
    this.owner.onNeighbourGone(address);
    this.waiting.drop(0, address);
  }

  onNeighbourForgotten(address: u32): void {
    this.waiting.drop(0, address);
  }

  onClaimProbe(address: u32): void {
    this.counters.requestsSent++;
    this.send(MAC_BROADCAST, ArpOperation.REQUEST, 0, 0, address);
  }

  onClaimAnnounce(address: u32): void {
    this.counters.requestsSent++;
    this.send(MAC_BROADCAST, ArpOperation.REQUEST, address, 0, address);
  }

  onClaimReady(address: u32): void {
    this.owner.onAddressReady(address);
  }

  onClaimLost(address: u32): void {
    this.table.forgetFrom(address);
    this.owner.onAddressConflict(address);
  }

  /** What does not fit into the link is lost, and asked again. */
  private send(mac: u64, operation: u16, sender: u32, targetMac: u64, target: u32): void {
    const ethernet = this.ethernet;
    emitArp(ethernet.begin(), operation, ethernet.mac, sender, targetMac, target);
    ethernet.send(mac, EtherType.ARP, ARP_BYTES);
  }

  private schedule(): void {
    const dueNs = min(this.table.nextNs, this.own.nextNs);
    if (dueNs == i64.MAX_VALUE) cancelTimer(this);
    else if (!this.timerIsPending || this.timerDueNs != dueNs) setTimer(this, dueNs);
  }

  // @ts-ignore: decorator
  @inline
  private get table(): Neighbours {
    return changetype<Neighbours>(this.neighbours);
  }

  // @ts-ignore: decorator
  @inline
  private get own(): Claims {
    return changetype<Claims>(this.claims);
  }
}
