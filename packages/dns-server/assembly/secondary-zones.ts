/** All zones that others are the primary of (RFC 1034 §4.3.5): their times, sockets and memory. */
import {
  Clock,
  Endpoint,
  Log,
  Logger,
  Random,
  Timer,
  TimerHandler,
  UdpSocket,
} from "@phantasm/interfaces";
import { Rcode, equalNames } from "@phantasm/dns/wire";
import { observeCounters } from "@phantasm/runtime/observed";
import { Stack, StackWaiter } from "@phantasm/stack";
import { Inbound } from "./inbound";
import { KeptZones } from "./kept";
import { NOT_AUTH } from "./query";
import { Secondary, ZoneListener } from "./secondary";
import { SECONDARY_LABELS, SecondaryCounters } from "./secondary-counters";
import { listedZones } from "./secondary-list";
import { NEVER, SecondaryZone, ZoneState } from "./secondary-zone";
import { REQUEST_BYTES_MAX, SoaQuery } from "./soa-query";
import { ZoneAccount, Zones } from "./zone-data";
import { ServedZone, ZoneSet } from "./zone-set";

/** Questions that wait for their answers at once, each with a socket (RFC 5452 §9.2). */
const SOCKETS_MAX: i32 = 16;
/** How often transfers are looked after. */
const WATCH_NS: i64 = 1_000_000_000;


@final
export class SecondaryZones implements Secondary, StackWaiter, TimerHandler {
  readonly query: SoaQuery = new SoaQuery();
  readonly counters: SecondaryCounters = new SecondaryCounters();
  readonly account: ZoneAccount;
  private readonly log: Logger;
  private readonly zones: SecondaryZone[] = [];
  private readonly inbounds: Inbound[] = [];
  private readonly message: Uint8Array = new Uint8Array(REQUEST_BYTES_MAX);
  private sockets: i32 = 0;
  private zoneSet: ZoneSet | null = null;
  private listener: ZoneListener | null = null;
  private timer: Timer | null = null;
  private isUp: bool = false;
  private isWaking: bool = false;
  /** While it wakes zones, one has made room: those before it have not seen that. */
  private hasRoom: bool = false;

  /** See src/secondary.ts for the options. */
  constructor(
    private readonly stack: Stack,
    private readonly random: Random,
    private readonly clock: Clock,
    log: Log,
    configured: string,
    given: string,
    private readonly transfers: i32,
    bytesMax: i32,
    private readonly recordsMax: i32,
    readonly kept: KeptZones,
  ) {
    const logger = log.source("secondary");
    this.log = logger;
    this.account = new ZoneAccount(<u32>bytesMax);
    const listed = listedZones(configured + ";" + given);
    for (let i = 0; i < listed.length; i++) {
      const one = listed[i];
      this.zones.push(new SecondaryZone(this, one.served, one.primaries, logger));
    }
    observeCounters("dns-secondary", SECONDARY_LABELS, this.counters);
  }

  start(set: ZoneSet, listener: ZoneListener): void {
    this.zoneSet = set;
    this.listener = listener;
    for (let i = 0; i < this.zones.length; i++) {
      const zone = this.zones[i];
      assert(set.add(zone.served), "dns: there are two secondary zones " + zone.name);
    }
    if (this.zones.length == 0) return;
    const timer = this.clock.after(0, this);
    timer.background();
    this.timer = timer;
    if (this.kept.start(this.zones, this.account))
      for (let i = 0; i < this.zones.length; i++) this.zones[i].load();
    this.stack.whenUp(this);
  }

  onStackUp(stack: Stack): void {
    this.isUp = true;
    // Those that were kept have been answered already, and nobody was told.
    for (let i = 0; i < this.zones.length; i++) {
      const served = this.zones[i].served;
      const zones = served.zones;
      if (zones !== null) this.changed(served, zones);
    }
    this.timer!.set(0);
  }

  get now(): i64 {
    return this.clock.now();
  }

  /** Of the clock on the wall, ns since 1970. */
  get wall(): i64 {
    return this.clock.wall();
  }

  get set(): ZoneSet {
    return this.zoneSet!;
  }

  /** A random time below `ns`. */
  below(ns: i64): i64 {
    const ms = ns / 1_000_000;
    return ms > 0 ? <i64>this.random.below(<u32>min<i64>(ms, <i64>i32.MAX_VALUE)) * 1_000_000 : 0;
  }

  notified(name: usize, nameBytes: i32, high: u64, low: u64): i32 {
    for (let i = 0; i < this.zones.length; i++) {
      const zone = this.zones[i];
      if (!equalNames(zone.served.name, zone.served.nameBytes, name, nameBytes)) continue;
      if (zone.notify(high, low)) {
        this.counters.notifies++;
        return Rcode.NO_ERROR;
      }
      this.counters.notifiesRefused++;
      this.log.debug("{}: a notification from elsewhere", zone.name);
      return Rcode.REFUSED;
    }
    this.counters.notifiesRefused++;
    return NOT_AUTH;
  }

  /** Something is to be done at another time than before. */
  schedule(): void {
    const timer = this.timer;
    if (timer === null || this.isWaking) return;
    let wakeNs = NEVER;
    for (let i = 0; i < this.zones.length; i++) {
      const zone = this.zones[i];
      wakeNs = min(wakeNs, this.isUp ? zone.wakeNs : zone.expiresNs);
    }
    const now = this.now;
    for (let i = 0; i < this.inbounds.length; i++)
      if (!this.inbounds[i].isFree) wakeNs = min(wakeNs, now + WATCH_NS);
    if (wakeNs != NEVER) timer.set(max<i64>(0, wakeNs - now));
  }

  onTimer(timer: Timer): void {
    const now = this.now;
    this.isWaking = true;
    this.hasRoom = false;
    for (let i = 0; i < this.inbounds.length; i++) this.inbounds[i].watch();
    for (let i = 0; i < this.zones.length; i++) {
      const zone = this.zones[i];
      if (!this.isUp) {
        zone.expireAt(now);
        continue;
      }
      const hasRoom =
        (zone.state == ZoneState.DUE && this.sockets < SOCKETS_MAX) ||
        (zone.state == ZoneState.QUEUED && this.hasFree);
      if (hasRoom || now >= zone.wakeNs) zone.wake(now);
    }
    this.isWaking = false;
    this.schedule();
    if (this.hasRoom) timer.set(0);
  }

  /** A socket for one question; null: there are as many as there may be. */
  bind(zone: SecondaryZone): UdpSocket | null {
    if (this.sockets == SOCKETS_MAX) return null;
    const socket = this.stack.udp.bind(0, zone);
    if (socket === null) return null;
    socket.background();
    this.sockets++;
    return socket;
  }

  unbind(socket: UdpSocket): void {
    socket.close();
    this.sockets--;
    this.roomForOthers(ZoneState.DUE);
  }

  /** Asks which version there is; returns the id of the question. */
  send(zone: SecondaryZone, socket: UdpSocket, primary: Endpoint, withEdns: bool): i32 {
    const id = <i32>(this.random.u32() & 0xffff);
    const served = zone.served;
    const to = this.message.dataStart;
    const bytes = this.query.write(to, id, served.name, served.nameBytes, withEdns);
    socket.send(primary, this.message, 0, bytes);
    this.counters.questions++;
    return id;
  }

  private get hasFree(): bool {
    if (this.inbounds.length < this.transfers) return true;
    for (let i = 0; i < this.inbounds.length; i++) if (this.inbounds[i].isFree) return true;
    return false;
  }

  /** For one transfer; null: there are as many as there may be. */
  free(): Inbound | null {
    for (let i = 0; i < this.inbounds.length; i++)
      if (this.inbounds[i].isFree) return this.inbounds[i];
    if (this.inbounds.length == this.transfers) return null;
    const inbound = new Inbound(
      this.stack.tcp,
      this.clock,
      this.random,
      this.query,
      this.account,
      this.set.base,
      // The records of a zone take about two and a half times as much while they are collected.
      (<usize>this.account.bytesMax / 2) * 3,
      <u32>this.recordsMax,
    );
    this.inbounds.push(inbound);
    return inbound;
  }

  /** A transfer has ended. */
  freed(): void {
    this.roomForOthers(ZoneState.QUEUED);
  }

  private roomForOthers(state: ZoneState): void {
    const timer = this.timer;
    if (timer === null) return;
    for (let i = 0; i < this.zones.length; i++)
      if (this.zones[i].state == state) {
        if (this.isWaking) this.hasRoom = true;
        else timer.set(0);
        return;
      }
  }

  changed(zone: ServedZone, zones: Zones): void {
    if (this.isUp) this.listener!.onZones(zone, zones);
  }
}
