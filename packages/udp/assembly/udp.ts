import {
  ADDRESS_IN_USE,
  Datagram,
  EXHAUSTED,
  Endpoint,
  IpAddress,
  Ip,
  LinkWaiter,
  NO_ROUTE,
  Packet,
  Path,
  PathError,
  Protocol,
  REFUSED,
  Random,
  TOO_LARGE,
  TransportHandler,
  UNREACHABLE,
  Udp,
  UdpHandler,
  UdpSocket,
  isIpv4,
} from "@phantasm/interfaces";
import { fold, sumOf } from "@phantasm/ip/checksum";
import { UdpCounters } from "./counters";
import { BoundSocket } from "./socket";
import { UDP_CHECKSUM_AT, UDP_HEADER_BYTES, emitUdp } from "./wire";

/** Places of the table; several ports may share one. */
const PLACES: i32 = 64;

/** RFC 6056 §3.2: the more ports to pick from, the better; the lower ones are left to those who ask for one. */
const EPHEMERAL_FIRST: u32 = 16384;
const EPHEMERAL_PORTS: u32 = 65536 - EPHEMERAL_FIRST;

/** Picks until a free port is found; with a twelfth of them taken, one pick in 10^69 is in vain. */
const PICKS_MAX: i32 = 64;

/** Sockets in all; far fewer than there are ports. */
const SOCKETS_MAX: i32 = 4096;

/** Datagrams (RFC 768) over both versions of IP. */
@final
export class UdpLayer implements Udp, TransportHandler {
  readonly counters: UdpCounters = new UdpCounters();
  private readonly table: StaticArray<BoundSocket | null> = new StaticArray<BoundSocket | null>(
    PLACES,
  );
  private socketCount: i32 = 0;
  private lastError: i32 = 0;

  /** The packet that is being handled, while `isHandling`. */
  private packet: Packet | null = null;
  private isHandling: bool = false;
  /** Where its answer goes, once somebody wants to know. */
  private replyPath: Path | null = null;
  private hasReplyPath: bool = false;
  /** Where an answer is written that cannot be sent. */
  private nowhere: usize = 0;

  /** @param socketsMax sockets that may be bound at once, 1 to 4096; one more is refused */
  constructor(
    private readonly ip: Ip,
    private readonly random: Random,
    private readonly socketsMax: i32 = 64,
  ) {
    assert(socketsMax > 0 && socketsMax <= SOCKETS_MAX, "udp: 1 to 4096 sockets");
    ip.register(Protocol.UDP, this);
  }

  get bindError(): i32 {
    return this.lastError;
  }

  /** Sockets that are bound. */
  get sockets(): i32 {
    return this.socketCount;
  }

  /** The socket after `previous`, the first after null; null: there are no more. Bind nothing in between. */
  next(previous: BoundSocket | null): BoundSocket | null {
    let place = 0;
    if (previous !== null) {
      const follower = previous.next;
      if (follower !== null) return follower;
      place = (previous.localPort & (PLACES - 1)) + 1;
    }
    for (; place < PLACES; place++) {
      const socket = this.table[place];
      if (socket !== null) return socket;
    }
    return null;
  }

  bind(port: u16, handler: UdpHandler): UdpSocket | null {
    if (this.socketCount == this.socketsMax) {
      this.lastError = EXHAUSTED;
      return null;
    }
    if (port == 0) port = this.pick();
    if (port == 0 || this.find(port) !== null) {
      this.lastError = ADDRESS_IN_USE;
      return null;
    }
    const socket = new BoundSocket(this, port, handler);
    const place = port & (PLACES - 1);
    socket.next = this.table[place];
    this.table[place] = socket;
    this.socketCount++;
    return socket;
  }

  // For sockets.

  remove(socket: BoundSocket): void {
    const place = socket.localPort & (PLACES - 1);
    let before = changetype<BoundSocket>(this.table[place]);
    if (before === socket) this.table[place] = socket.next;
    else {
      while (before.next !== socket) before = changetype<BoundSocket>(before.next);
      before.next = socket.next;
    }
    this.socketCount--;
  }

  whenReady(waiter: LinkWaiter): void {
    this.ip.whenReady(waiter);
  }

  send(socket: BoundSocket, remote: Endpoint, payload: usize, bytes: i32): i32 {
    const address = remote.address;
    const high = address.high;
    const low = address.low;
    const path = this.ip.path(0, 0, high, low);
    if (path === null) return NO_ROUTE;
    const isGroup = isIpv4(high, low) ? (<u32>low) >> 28 == 14 : high >> 56 == 0xff;
    path.hopLimit = socket.hopLimitTo(isGroup);
    socket.recent.add(high, low, remote.port);
    return this.sendOn(path, socket.localPort, remote.port, payload, bytes);
  }

  get replyBytesMax(): i32 {
    const path = this.pathOfReply();
    return path === null ? 0 : path.mtu - path.headerBytes - UDP_HEADER_BYTES;
  }

  beginReply(socket: BoundSocket, datagram: Datagram): usize {
    this.check(socket, datagram);
    const path = this.pathOfReply();
    if (path !== null) return path.begin() + UDP_HEADER_BYTES;
    if (this.nowhere == 0) this.nowhere = heap.alloc(65536);
    return this.nowhere;
  }

  sendReply(socket: BoundSocket, bytes: i32): i32 {
    this.check(socket, socket.datagram);
    const path = this.pathOfReply();
    if (path === null) return NO_ROUTE;
    if (bytes > path.mtu - path.headerBytes - UDP_HEADER_BYTES) return TOO_LARGE;
    const at = path.begin();
    const length = UDP_HEADER_BYTES + bytes;
    emitUdp(at, socket.localPort, socket.datagram.sourcePort, length);
    path.hopLimit = socket.hopLimitTo(false);
    return this.counted(path.send(Protocol.UDP, length, UDP_CHECKSUM_AT, 0));
  }

  reply(socket: BoundSocket, datagram: Datagram, payload: usize, bytes: i32): i32 {
    this.check(socket, datagram);
    const path = this.pathOfReply();
    if (path === null) return NO_ROUTE;
    path.hopLimit = socket.hopLimitTo(false);
    return this.sendOn(path, socket.localPort, datagram.sourcePort, payload, bytes);
  }

  // TransportHandler

  onPacket(packet: Packet): void {
    const counters = this.counters;
    const at = packet.payload;
    if (packet.bytes < UDP_HEADER_BYTES) {
      counters.malformed++;
      return;
    }
    const bytes = <i32>bswap(load<u16>(at, 4));
    if (bytes < UDP_HEADER_BYTES || bytes > packet.bytes) {
      counters.malformed++;
      return;
    }
    const socket = this.find(bswap(load<u16>(at, 2)));
    if (!packet.isTrusted) {
      if (load<u16>(at, UDP_CHECKSUM_AT) == 0) {
        // RFC 768: the sender made none. RFC 8200 §8.1: with IPv6 it must.
        if (!isIpv4(packet.destinationHigh, packet.destinationLow)) {
          counters.malformed++;
          return;
        }
      } else if (!isValid(packet, bytes)) {
        counters.badChecksum++;
        if (socket !== null) socket.dropped++;
        return;
      }
    }
    if (socket === null) {
      counters.noPort++;
      // RFC 1122 §4.1.3.1.
      if (!packet.isGroup) this.ip.reject(packet, PathError.PORT_UNREACHABLE);
      return;
    }
    counters.received++;
    const datagram = socket.datagram;
    datagram.sourceHigh = packet.sourceHigh;
    datagram.sourceLow = packet.sourceLow;
    datagram.sourcePort = bswap(load<u16>(at));
    datagram.destinationHigh = packet.destinationHigh;
    datagram.destinationLow = packet.destinationLow;
    datagram.trafficClass = packet.trafficClass;
    datagram.payload = at + UDP_HEADER_BYTES;
    datagram.bytes = bytes - UDP_HEADER_BYTES;
    // The layer below has one packet, or one for each version: mostly there is nothing to store.
    if (this.packet !== packet) this.packet = packet;
    this.hasReplyPath = false;
    this.isHandling = true;
    socket.handler.onDatagram(socket, datagram);
    this.isHandling = false;
  }

  onPathError(packet: Packet, error: i32, mtu: i32): bool {
    const socket = this.find(bswap(load<u16>(packet.payload)));
    if (socket === null) return false;
    const port = bswap(load<u16>(packet.payload, 2));
    const high = packet.destinationHigh;
    const low = packet.destinationLow;
    if (!socket.recent.has(high, low, port)) return false;
    this.counters.errors++;
    const remote = new Endpoint(new IpAddress(high, low), port);
    socket.handler.onDatagramError(socket, remote, result(error));
    return true;
  }

  /** Sockets are bound to all addresses: one less is nothing to them. */
  onAddressLost(high: u64, low: u64): void {}

  private find(port: u16): BoundSocket | null {
    let socket = unchecked(this.table[port & (PLACES - 1)]);
    while (socket !== null && socket.localPort != port) socket = socket.next;
    return socket;
  }

  /** RFC 6056 §3.3.2: a random port, and another random one as long as it is taken. 0: none was found. */
  private pick(): u16 {
    for (let picks = PICKS_MAX; picks > 0; picks--) {
      const port = <u16>(EPHEMERAL_FIRST + this.random.below(EPHEMERAL_PORTS));
      if (this.find(port) === null) return port;
    }
    return 0;
  }

  private sendOn(path: Path, source: u16, destination: u16, payload: usize, bytes: i32): i32 {
    const length = UDP_HEADER_BYTES + bytes;
    const at = path.beginLarge(length);
    if (at == 0) return TOO_LARGE;
    emitUdp(at, source, destination, length);
    memory.copy(at + UDP_HEADER_BYTES, payload, bytes);
    return this.counted(path.sendLarge(Protocol.UDP, length, UDP_CHECKSUM_AT));
  }

  private counted(status: i32): i32 {
    if (status == 0) this.counters.sent++;
    return status;
  }

  private check(socket: BoundSocket, datagram: Datagram): void {
    assert(
      this.isHandling && socket.datagram === datagram,
      "udp: an answer to a datagram that is not being handled",
    );
  }

  private pathOfReply(): Path | null {
    if (!this.isHandling) return null;
    if (!this.hasReplyPath) {
      this.hasReplyPath = true;
      const packet = changetype<Packet>(this.packet);
      const path = packet.isGroup
        ? this.ip.path(0, 0, packet.sourceHigh, packet.sourceLow)
        : this.ip.pathBack(packet);
      if (this.replyPath !== path) this.replyPath = path;
    }
    return this.replyPath;
  }
}

/** The checksum over the datagram alone: IP may have carried more bytes than it has. */
function isValid(packet: Packet, bytes: i32): bool {
  // RFC 768: the pseudo-header has the length of the datagram; the sum at hand has that of the packet.
  const length = <u64>bswap(<u16>bytes) + (0xffff ^ (<u64>bswap(<u16>packet.bytes)));
  return fold(sumOf(packet.payload, bytes) + packet.pseudoSum + length) == 0xffff;
}

/** What a socket is told. */
function result(error: i32): i32 {
  if (error == PathError.PORT_UNREACHABLE || error == PathError.PROTOCOL_UNREACHABLE)
    return REFUSED;
  return error == PathError.TOO_LARGE ? TOO_LARGE : UNREACHABLE;
}
