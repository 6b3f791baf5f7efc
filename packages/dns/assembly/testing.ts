/** For tests: a network in which the case is every name server, a Random that counts, and the steps of the domain. */
import {
  Datagram,
  Endpoint,
  EXHAUSTED,
  IpAddress,
  Random,
  Udp,
  UdpHandler,
  UdpSocket,
  UdpWaiter,
} from "@phantasm/interfaces";
import { dispatch, enter, leave } from "@phantasm/runtime";
import { world } from "@phantasm/testing";
import { ServerSource } from "./servers";
import { Lookup, LookupHandler } from "./lookup";
import {
  MessageReader,
  MessageWriter,
  NAME_BUFFER_BYTES,
  RecordType,
  nameOfText,
  readName,
  textOfName,
} from "./wire";

/** What happened, in order. */
let log: string = "";

export function note(text: string): void {
  log += log.length > 0 ? "; " + text : text;
}

/** What happened since the last call. */
export function happened(): string {
  const text = log;
  log = "";
  return text;
}

/** Moves time, then one step of the domain. What happened in it. */
export function advance(ns: i64): string {
  enter(world.advance(ns), 0);
  dispatch();
  leave();
  return happened();
}

/** 1, 2, 3, … */
export class Dice implements Random {
  drawn: u32 = 0;
  u32(): u32 {
    return ++this.drawn;
  }
  u64(): u64 {
    return <u64>++this.drawn * 0x9e3779b97f4a7c15;
  }
  below(bound: u32): u32 {
    return ++this.drawn % bound;
  }
  f64(): f64 {
    return 0;
  }
  fill(bytes: Uint8Array, offset: i32, length: i32): void {
    bytes.fill(0x5a, offset, offset + length);
  }
}

const reader = new MessageReader();
const writer = new MessageWriter();
const nameBuffer: usize = heap.alloc(NAME_BUFFER_BYTES);
const otherBuffer: usize = heap.alloc(NAME_BUFFER_BYTES);

export class Socket implements UdpSocket {
  localPort: u16 = 0;
  droppedDatagrams: u64 = 0;
  replyBytesMax: i32 = 0;
  hopLimit: u8 = 64;
  isOpen: bool = true;
  /** The last query from here. */
  query: Uint8Array = new Uint8Array(0);
  remote: Endpoint | null = null;

  constructor(
    private readonly network: Network,
    readonly handler: UdpHandler,
    port: u16,
  ) {
    this.localPort = port;
  }

  send(remote: Endpoint, buffer: Uint8Array, offset: i32, length: i32): i32 {
    if (this.network.result < 0) return this.network.result;
    this.query = buffer.slice(offset, offset + length);
    this.remote = remote;
    reader.begin(this.query.dataStart, length);
    reader.question();
    readName(reader.message, length, reader.name, nameBuffer);
    const type = reader.type == RecordType.A ? "A" : reader.type == RecordType.AAAA ? "AAAA" : "?";
    const plain = reader.additionals == 0 ? " plain" : "";
    note(`${type} ${textOfName(nameBuffer)}${plain} to ${remote.address.toString()}`);
    return 0;
  }

  close(): void {
    if (this.isOpen) this.network.open--;
    this.isOpen = false;
  }

  whenWritable(waiter: UdpWaiter): void {}
  background(): void {}
  beginReply(datagram: Datagram): usize {
    return 0;
  }
  sendReply(bytes: i32): i32 {
    return 0;
  }
  reply(datagram: Datagram, buffer: Uint8Array, offset: i32, length: i32): i32 {
    return 0;
  }
}

/** All sockets; nothing arrives but what the case sends. */
export class Network implements Udp {
  bindError: i32 = EXHAUSTED;
  /** What `send` answers. */
  result: i32 = 0;
  open: i32 = 0;
  openMax: i32 = 100;
  readonly sockets: Socket[] = [];
  private readonly datagram: Datagram = new Datagram();

  bind(port: u16, handler: UdpHandler): UdpSocket | null {
    if (this.open == this.openMax) return null;
    const socket = new Socket(this, handler, <u16>(50_000 + this.sockets.length));
    this.sockets.push(socket);
    this.open++;
    return socket;
  }

  /** The socket that was bound last, or before it. */
  last(back: i32 = 0): Socket {
    return this.sockets[this.sockets.length - 1 - back];
  }

  /** The message arrives, if the socket is still open. */
  deliver(to: Socket, message: Reply, source: IpAddress | null = null, port: u16 = 53): string {
    const from = source !== null ? source : to.remote!.address;
    if (!to.isOpen) return "closed";
    const datagram = this.datagram;
    datagram.sourceHigh = from.high;
    datagram.sourceLow = from.low;
    datagram.sourcePort = port;
    datagram.payload = message.bytes.dataStart;
    datagram.bytes = message.length;
    to.handler.onDatagram(to, datagram);
    return happened();
  }
}

/** A message of a name server, built by hand. */
export class Reply {
  readonly bytes: Uint8Array = new Uint8Array(2000);

  /** Answers what the socket asked. */
  constructor(query: Uint8Array, flags: i32 = 0x8180) {
    const message = query.dataStart;
    reader.begin(message, query.length);
    reader.question();
    const bytes = readName(message, query.length, reader.name, nameBuffer);
    writer.begin(this.bytes.dataStart, this.bytes.length, reader.id, flags);
    writer.question(nameBuffer, bytes, reader.type, reader.class);
  }

  static to(socket: Socket, flags: i32 = 0x8180): Reply {
    return new Reply(socket.query, flags);
  }

  get length(): i32 {
    return writer.bytes;
  }

  private put(section: i32, owner: string, type: i32, ttl: u32, bytes: i32): usize {
    return writer.record(section, nameBuffer, nameOfText(owner, nameBuffer), type, 1, ttl, bytes);
  }

  a(owner: string, last: u8, ttl: u32 = 60): Reply {
    store<u32>(this.put(0, owner, RecordType.A, ttl, 4), 0x0a | ((<u32>last) << 24));
    return this;
  }

  aaaa(owner: string, last: u8, ttl: u32 = 60): Reply {
    const data = this.put(0, owner, RecordType.AAAA, ttl, 16);
    store<u64>(data, bswap<u64>(0x20010db800000000));
    store<u64>(data, (<u64>last) << 56, 8);
    return this;
  }

  alias(owner: string, target: string, ttl: u32 = 60): Reply {
    const bytes = nameOfText(target, otherBuffer);
    memory.copy(this.put(0, owner, RecordType.CNAME, ttl, bytes), otherBuffer, bytes);
    return this;
  }

  soa(owner: string, ttl: u32, minimum: u32): Reply {
    const data = this.put(1, owner, RecordType.SOA, ttl, 22);
    memory.fill(data, 0, 22);
    store<u32>(data + 18, bswap(minimum));
    return this;
  }

  ns(owner: string): Reply {
    store<u8>(this.put(1, owner, RecordType.NS, 60, 1), 0);
    return this;
  }

  opt(extendedRcode: i32): Reply {
    writer.opt(1232, extendedRcode);
    return this;
  }

  /** A record of any kind. */
  raw(section: i32, owner: string, type: i32, data: u8[]): Reply {
    const at = this.put(section, owner, type, 60, data.length);
    for (let i = 0; i < data.length; i++) store<u8>(at + i, data[i]);
    return this;
  }
}

/** Notes what was found. */
export class Finder implements LookupHandler {
  onResolved(lookup: Lookup): void {
    let text = lookup.name + ":";
    if (lookup.error != 0) text += ` error ${lookup.error}`;
    for (const address of lookup.addresses) text += " " + address.toString();
    note(text);
  }
}

export { ServerSource };
