/** The server: a responder at port 53 of a stack. */
import {
  Clock,
  Datagram,
  Endpoint,
  Random,
  SECOND,
  UdpHandler,
  UdpSocket,
} from "@phantasm/interfaces";
import { DNS_PORT } from "@phantasm/dns/wire";
import { observeCounters } from "@phantasm/runtime/observed";
import { Stack, StackWaiter } from "@phantasm/stack";
import { Announcer } from "./announcer";
import { AllowList, endpointsOf } from "./addresses";
import { Cookies } from "./cookies";
import { SERVER_LABELS, ServerCounters } from "./counters";
import { RateLimit } from "./rate-limit";
import { Responder } from "./responder";
import { Secondary, ZoneListener } from "./secondary";
import { ServerTime } from "./server-time";
import { TcpService } from "./tcp-service";
import { Zones } from "./zone-data";
import { BaseListener, ZoneDisk } from "./zone-disk";
import { ServedZone, ZoneSet } from "./zone-set";

/** A datagram that has no room for so much cannot be answered. */
const ANSWER_BYTES_MIN: i32 = 512;
/** Of answers that clients of TCP have not taken. */
const OUTPUT_BYTES_MAX: usize = 4 * 1024 * 1024;

/** Answers for zones, over UDP and TCP. Begins with `start`. */
@final
export class DnsServer implements UdpHandler, StackWaiter, ZoneListener, BaseListener {
  private readonly responder: Responder;
  private readonly time: ServerTime;
  private readonly service: TcpService;
  private announcer: Announcer | null = null;

  /** See src/dns-server.ts for the options. */
  constructor(
    private readonly stack: Stack,
    zones: Zones,
    private readonly disk: ZoneDisk,
    private readonly secondary: Secondary,
    private readonly random: Random,
    private readonly clock: Clock,
    udpBytes: i32,
    version: string,
    identity: string,
    answersPerSecond: i32,
    slip: i32,
    networks: i32,
    connections: i32,
    connectionsPerAddress: i32,
    idleSeconds: i32,
    transfers: i32,
    transfer: string,
    private readonly notify: string,
  ) {
    const responder = new Responder(new ZoneSet(zones));
    responder.udpBytesMax = udpBytes;
    responder.version = version;
    responder.identity = identity;
    responder.cookies = new Cookies(random.u64(), random.u64());
    if (answersPerSecond > 0)
      responder.limit = new RateLimit(answersPerSecond, slip, networks, random.u64());
    responder.secondary = secondary;
    responder.changes = disk.changes;
    this.responder = responder;
    const time = new ServerTime(clock, responder);
    this.time = time;
    this.service = new TcpService(
      responder,
      time,
      clock,
      new AllowList(transfer),
      connections,
      connectionsPerAddress,
      <i64>idleSeconds * SECOND,
      transfers,
      OUTPUT_BYTES_MAX,
    );
    observeCounters("dns-server", SERVER_LABELS, responder.counters);
  }

  /** What is answered from, and may be replaced between events. */
  get zoneSet(): ZoneSet {
    return this.responder.zones;
  }

  get counters(): ServerCounters {
    return this.responder.counters;
  }

  /** Answers at port 53 from now on, and keeps the domain alive. */
  start(): void {
    const isBound =
      this.stack.udp.bind(DNS_PORT, this) !== null && this.service.listen(this.stack.tcp);
    assert(isBound, "dns: port 53 is taken");
    if (this.notify.length > 0) this.stack.whenUp(this);
    this.disk.start(this.zoneSet, this);
    this.secondary.start(this.zoneSet, this);
  }

  onStackUp(stack: Stack): void {
    const targets = endpointsOf(this.notify);
    const counters = this.counters;
    this.announcer = new Announcer(stack, targets, this.clock, this.random, counters);
    this.announce(this.zoneSet.base);
  }

  /** Tells secondaries that the base of the zones was replaced by these. */
  announce(zones: Zones): void {
    const announcer = this.announcer;
    if (announcer !== null && zones.count > 0) announcer.announce(null, zones);
  }

  onBase(zones: Zones): void {
    this.announce(zones);
  }

  onZones(zone: ServedZone, zones: Zones): void {
    const announcer = this.announcer;
    if (announcer !== null) announcer.announce(zone, zones);
  }

  onDatagram(socket: UdpSocket, datagram: Datagram): void {
    const room = socket.replyBytesMax;
    if (room < ANSWER_BYTES_MIN) return;
    this.time.set();
    const bytes = this.responder.respond(
      datagram.payload,
      datagram.bytes,
      socket.beginReply(datagram),
      room,
      false,
      datagram.sourceHigh,
      datagram.sourceLow,
    );
    // Lost, if the link has no room: the client asks again.
    if (bytes > 0) socket.sendReply(bytes);
  }

  onDatagramError(socket: UdpSocket, remote: Endpoint, error: i32): void {}
}
