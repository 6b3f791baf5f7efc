import {
  Datagram,
  Endpoint,
  LinkWaiter,
  UdpHandler,
  UdpSocket,
  UdpWaiter,
} from "@phantasm/interfaces";
import { hold, release } from "@phantasm/runtime";
import { Recent } from "./recent";
import { UdpLayer } from "./udp";

/** RFC 1122 §3.2.1.7, and RFC 1112 §6.1 for groups. */
const HOP_LIMIT: u8 = 64;
const GROUP_HOP_LIMIT: u8 = 1;

/** A socket, in the table of its port. */
@final
export class BoundSocket implements UdpSocket {
  /** The next in its place of the table. */
  next: BoundSocket | null = null;
  readonly datagram: Datagram = new Datagram();
  /** Where the last datagrams went. */
  readonly recent: Recent = new Recent();
  dropped: u64 = 0;
  isOpen: bool = true;
  private holding: bool = true;
  /** 0: what is usual. */
  private chosenHopLimit: u8 = 0;

  constructor(
    private readonly layer: UdpLayer,
    private readonly port: u16,
    readonly handler: UdpHandler,
  ) {
    hold();
  }

  get localPort(): u16 {
    return this.port;
  }

  get droppedDatagrams(): u64 {
    return this.dropped;
  }

  get replyBytesMax(): i32 {
    return this.layer.replyBytesMax;
  }

  get hopLimit(): u8 {
    return this.hopLimitTo(false);
  }

  set hopLimit(value: u8) {
    this.chosenHopLimit = value;
  }

  hopLimitTo(isGroup: bool): u8 {
    const chosen = this.chosenHopLimit;
    if (chosen != 0) return chosen;
    return isGroup ? GROUP_HOP_LIMIT : HOP_LIMIT;
  }

  send(remote: Endpoint, buffer: Uint8Array, offset: i32, length: i32): i32 {
    return this.layer.send(this, remote, inside(buffer, offset, length), length);
  }

  beginReply(datagram: Datagram): usize {
    return this.layer.beginReply(this, datagram);
  }

  sendReply(bytes: i32): i32 {
    return this.layer.sendReply(this, bytes);
  }

  reply(datagram: Datagram, buffer: Uint8Array, offset: i32, length: i32): i32 {
    return this.layer.reply(this, datagram, inside(buffer, offset, length), length);
  }

  whenWritable(waiter: UdpWaiter): void {
    this.layer.whenReady(new SocketWaiter(this, waiter));
  }

  background(): void {
    if (!this.holding) return;
    this.holding = false;
    if (this.isOpen) release();
  }

  close(): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    this.layer.remove(this);
    if (this.holding) release();
  }
}


@final
class SocketWaiter implements LinkWaiter {
  constructor(
    private readonly socket: BoundSocket,
    private readonly waiter: UdpWaiter,
  ) {}

  onLinkReady(): void {
    if (this.socket.isOpen) this.waiter.onUdpWritable(this.socket);
  }
}

/** Where a range of an array lies. */
function inside(buffer: Uint8Array, offset: i32, length: i32): usize {
  assert(
    offset >= 0 && length >= 0 && offset <= buffer.length - length,
    "udp: a datagram reaches beyond its array",
  );
  return buffer.dataStart + offset;
}
