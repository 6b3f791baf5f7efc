/** One zone that others are the primary of: when to look, whom to ask, how long to answer from what there is. */
import {
  Datagram,
  Endpoint,
  Logger,
  SECOND,
  UdpHandler,
  UdpSocket,
  errorText,
} from "@phantasm/interfaces";
import { textOfName } from "@phantasm/dns/wire";
import { Inbound, InboundHandler } from "./inbound";
import { soaOf } from "./kept-reader";
import { SecondaryZones } from "./secondary-zones";
import { isNewer } from "./serial";
import { SoaAnswer } from "./soa-query";
import { nameOfTransfer, reasonOf, refusalOf } from "./transfer-reader";
import { Zones } from "./zone-data";
import { ServedZone } from "./zone-set";
import { ZoneVersion } from "./zone-version";

/** Questions over UDP to one primary; the time to the second, which doubles. */
const TRIES: i32 = 3;
const FIRST_NS: i64 = SECOND;
/** As long as nothing says when to look again, the times double between these. */
const UNKNOWN_NS_MIN: i64 = 5 * SECOND;
const UNKNOWN_NS_MAX: i64 = 320 * SECOND;
/** Between two looks that somebody asks for. */
const NOTIFY_NS: i64 = SECOND;
/** Whoever waits for others is woken by them, or looks again by itself. */
const QUEUE_NS: i64 = 60 * SECOND;
export const NEVER: i64 = i64.MAX_VALUE;

export enum ZoneState {
  /** What is kept of it is still to be read. */
  LOADING,
  /** Looks at its time. */
  IDLE,
  /** Wants to ask. */
  DUE,
  ASKING,
  /** Wants to be transferred. */
  QUEUED,
  TRANSFERRING,
}


@final
export class SecondaryZone implements UdpHandler, InboundHandler {
  state: ZoneState = ZoneState.IDLE;
  readonly version: ZoneVersion = new ZoneVersion();
  /** When `wake` is to be called. */
  wakeNs: i64 = 0;
  expiresNs: i64 = NEVER;
  /** When it was last known to be current, ns since 1970. */
  confirmedNs: i64 = 0;
  /** For `KeptZones`: this version is to be kept; is; and was known to be current since that was written down. */
  isToKeep: bool = false;
  isKept: bool = false;
  isConfirmed: bool = false;
  private unknownNs: i64 = UNKNOWN_NS_MIN;
  private lookedNs: i64 = i64.MIN_VALUE / 2;
  /** Somebody said that there is something new while it was being looked for. */
  private isNotified: bool = false;
  /** The primary that is asked, and how many were. */
  private primary: i32 = 0;
  private asked: i32 = 0;
  private tries: i32 = 0;
  private withEdns: bool = true;
  private wholeOnly: bool = false;
  private id: i32 = 0;
  private socket: UdpSocket | null = null;

  constructor(
    private readonly owner: SecondaryZones,
    readonly served: ServedZone,
    readonly primaries: Endpoint[],
    private readonly log: Logger,
  ) {}

  get name(): string {
    return textOfName(this.served.name);
  }

  /** A primary says that there is something new (RFC 1996). False: it is none. */
  notify(high: u64, low: u64): bool {
    for (let i = 0; i < this.primaries.length; i++) {
      const address = this.primaries[i].address;
      if (address.high != high || address.low != low) continue;
      if (this.state != ZoneState.IDLE) this.isNotified = true;
      else {
        this.primary = i;
        this.wakeNs = max(this.owner.now, this.lookedNs + NOTIFY_NS);
        this.owner.schedule();
      }
      return true;
    }
    return false;
  }

  /** Waits for `restored`. */
  load(): void {
    this.state = ZoneState.LOADING;
    this.wakeNs = NEVER;
  }

  /**
   * @param zones what was kept of it; null: nothing
   * @param confirmedNs when that was last known to be current, ns since 1970
   */
  restored(zones: Zones | null, confirmedNs: i64): void {
    if (zones !== null) this.restore(zones, confirmedNs);
    this.state = ZoneState.IDLE;
    this.isNotified = false;
    this.sleep(0);
  }

  private restore(zones: Zones, confirmedNs: i64): void {
    const version = this.version;
    version.take(soaOf(zones));
    // A clock that went back says nothing of how long it was.
    const ageNs = max<i64>(0, this.owner.wall - confirmedNs);
    if (ageNs >= version.expireNs) {
      this.log.error("{}: what is kept has expired: it is not answered", this.name);
      return;
    }
    this.confirmedNs = confirmedNs;
    this.isKept = true;
    this.expiresNs = this.owner.now + version.expireNs - ageNs;
    this.owner.set.replace(this.served, zones);
    this.log.info(
      `${this.name}: serial ${version.serial}, ${zones.records} records, as it was kept, current ${ageNs / SECOND} s ago`,
    );
    this.owner.changed(this.served, zones);
  }

  /** At its time, or later. */
  wake(now: i64): void {
    this.expireAt(now);
    if (this.state == ZoneState.TRANSFERRING) this.wakeNs = this.expiresNs;
    if (this.state == ZoneState.IDLE) {
      this.state = ZoneState.DUE;
      this.lookedNs = now;
      this.asked = 0;
    }
    if (this.state == ZoneState.DUE) this.ask();
    else if (this.state == ZoneState.ASKING) this.askAgain();
    else if (this.state == ZoneState.QUEUED) this.transfer();
  }

  expireAt(now: i64): void {
    if (now < this.expiresNs) return;
    this.expiresNs = NEVER;
    this.owner.counters.expired++;
    this.log.error(
      "{}: expired, no primary could be reached: it is not answered any more",
      this.name,
    );
    this.owner.set.replace(this.served, null);
  }

  private ask(): void {
    const socket = this.owner.bind(this);
    if (socket === null) return this.sleep(QUEUE_NS);
    this.socket = socket;
    this.state = ZoneState.ASKING;
    this.tries = 0;
    this.withEdns = true;
    this.askAgain();
  }

  private askAgain(): void {
    if (this.tries == TRIES) {
      // Datagrams may be what does not get through.
      this.hangUp();
      return this.queue();
    }
    this.id = this.owner.send(this, this.socket!, this.primaries[this.primary], this.withEdns);
    this.sleep(FIRST_NS << this.tries++);
  }

  onDatagram(socket: UdpSocket, datagram: Datagram): void {
    const primary = this.primaries[this.primary];
    if (this.state != ZoneState.ASKING || datagram.sourcePort != primary.port) return;
    if (datagram.sourceHigh != primary.address.high || datagram.sourceLow != primary.address.low)
      return;
    const query = this.owner.query;
    const served = this.served;
    const kind = query.read(
      datagram.payload,
      datagram.bytes,
      this.id,
      served.name,
      served.nameBytes,
    );
    if (kind == SoaAnswer.STRANGE) return;
    if (kind == SoaAnswer.PLAIN && this.withEdns) {
      this.withEdns = false;
      this.tries = 0;
      return this.askAgain();
    }
    this.hangUp();
    if (kind == SoaAnswer.TRUNCATED) return this.queue();
    if (kind != SoaAnswer.SERIAL) return this.passOn(refusalOf(query.rcode));
    this.compare(query.serial);
  }

  onDatagramError(socket: UdpSocket, remote: Endpoint, error: i32): void {}

  /** With what the primary has. */
  private compare(serial: u32): void {
    if (this.served.zones === null || isNewer(serial, this.version.serial)) this.queue();
    else if (serial == this.version.serial) this.isCurrent();
    else this.passOn(`it has an older version, ${serial}`);
  }

  private queue(): void {
    this.state = ZoneState.QUEUED;
    this.wholeOnly = false;
    this.transfer();
  }

  private transfer(): void {
    const inbound = this.owner.free();
    // The first that is done makes room.
    if (inbound === null) return this.sleep(QUEUE_NS);
    const served = this.served;
    const old: Zones | null = this.wholeOnly ? null : served.zones;
    const primary = this.primaries[this.primary];
    this.state = ZoneState.TRANSFERRING;
    this.wakeNs = this.expiresNs;
    if (!inbound.begin(served.name, served.nameBytes, primary, old, this.version, this))
      this.passOn("there is no connection left");
  }

  onZone(inbound: Inbound, zones: Zones): void {
    const reader = inbound.reader;
    const counters = this.owner.counters;
    if (this.served.zones !== null && !isNewer(reader.serial, this.version.serial)) {
      // It was asked for as a whole, and is what there is, or older.
      zones.hold();
      zones.release();
      if (reader.serial == this.version.serial) this.isCurrent();
      else this.passOn(`it has an older version, ${reader.serial}`);
      return;
    }
    if (reader.isIncremental) counters.changes++;
    else counters.wholes++;
    if (reader.strays > 0)
      this.log.warning("{}: {} records of other zones were left out", this.name, reader.strays);
    this.version.take(reader.soa);
    this.owner.set.replace(this.served, zones);
    this.owner.kept.replaced(this);
    const how = nameOfTransfer(reader.isIncremental);
    const from = this.primaries[this.primary].toString();
    const took = inbound.elapsedNs / 1_000_000;
    this.log.info(
      `${this.name}: serial ${reader.serial}, ${zones.records} records, ${zones.bytes} bytes, ${how} from ${from} in ${took} ms`,
    );
    this.isCurrent();
    this.owner.changed(this.served, zones);
  }

  onCurrent(inbound: Inbound): void {
    // It has expired meanwhile.
    if (this.served.zones === null) this.queue();
    else if (inbound.reader.serial == this.version.serial) this.isCurrent();
    else this.passOn(`it has an older version, ${inbound.reader.serial}`);
  }

  onFailed(inbound: Inbound, status: i32, isNetwork: bool): void {
    if (!isNetwork && !this.wholeOnly && this.served.zones !== null) {
      // Without history, or with a broken one, it may still have the whole (RFC 1995 §4).
      this.log.debug("{}: IXFR: {}", this.name, reasonOf(status));
      this.wholeOnly = true;
      return this.transfer();
    }
    this.passOn(isNetwork ? errorText(status) : reasonOf(status));
  }

  private isCurrent(): void {
    this.owner.counters.current++;
    this.expiresNs = this.owner.now + this.version.expireNs;
    this.confirmedNs = this.owner.wall;
    this.owner.kept.confirmed(this);
    this.unknownNs = UNKNOWN_NS_MIN;
    const refreshNs = this.version.refreshNs;
    // Up to a tenth earlier, so that zones which came together do not always ask together.
    this.rest(refreshNs - this.owner.below(refreshNs / 10));
  }

  /** This primary will not do: another may. */
  private passOn(why: string): void {
    this.owner.counters.failed++;
    const primary = this.primaries[this.primary].toString();
    this.log.warning(`${this.name}: not from ${primary}: ${why}`);
    this.primary = (this.primary + 1) % this.primaries.length;
    if (++this.asked < this.primaries.length) {
      const wasTransferring = this.state == ZoneState.TRANSFERRING;
      this.state = ZoneState.DUE;
      this.sleep(0);
      if (wasTransferring) this.owner.freed();
      return;
    }
    if (this.served.zones !== null) return this.rest(this.version.retryNs);
    this.rest(this.unknownNs);
    this.unknownNs = min(2 * this.unknownNs, UNKNOWN_NS_MAX);
  }

  private rest(ns: i64): void {
    const wasTransferring = this.state == ZoneState.TRANSFERRING;
    this.state = ZoneState.IDLE;
    this.sleep(this.isNotified ? NOTIFY_NS : ns);
    this.isNotified = false;
    if (wasTransferring) this.owner.freed();
  }

  private sleep(ns: i64): void {
    this.wakeNs = min(this.owner.now + ns, this.expiresNs);
    this.owner.schedule();
  }

  private hangUp(): void {
    const socket = this.socket;
    this.socket = null;
    if (socket !== null) this.owner.unbind(socket);
  }
}
