/** For tests of a secondary: a stack whose other end is the case, and what a primary says. */
import {
  Datagram,
  Endpoint,
  Ip,
  IpAddress,
  Log,
  LogLevel,
  LogSink,
  Logger,
  Random,
  Tcp,
  Udp,
  UdpHandler,
  UdpSocket,
} from "@phantasm/interfaces";
import { HappyEyeballs, Resolver } from "@phantasm/dns";
import { MessageWriter, NAME_BUFFER_BYTES, nameOfText } from "@phantasm/dns/wire";
import { AddressHandler, PingHandler, Pinger, Stack, StackWaiter } from "@phantasm/stack";
import { TestConnection, TestTcp, TestUdp } from "./testing";

const SOA: i32 = 6;
const MESSAGE_BYTES_MAX: i32 = 65_535;

/** The same numbers each time; each id is another. */
export class Counting implements Random {
  private next: u32 = 0x1233;
  u32(): u32 {
    return ++this.next;
  }
  u64(): u64 {
    return 7;
  }
  below(bound: u32): u32 {
    return 0;
  }
  f64(): f64 {
    return 0;
  }
  fill(bytes: Uint8Array, offset: i32, length: i32): void {}
}

/** Lines are kept. */
export class TestLog implements Log, LogSink {
  readonly lines: string[] = [];
  source(name: string): Logger {
    return new Logger(name, this, LogLevel.DEBUG);
  }
  put(level: i32, source: string, text: string): void {
    this.lines.push(text);
  }
  /** How many have such a text. */
  count(text: string): i32 {
    let count = 0;
    for (let i = 0; i < this.lines.length; i++) if (this.lines[i].includes(text)) count++;
    return count;
  }
}

/** Each bind gives a socket of its own. */
class Sockets implements Udp {
  bindError: i32 = 0;
  readonly all: TestUdp[] = [];
  bind(port: u16, handler: UdpHandler): UdpSocket | null {
    const socket = new TestUdp();
    socket.bind(port, handler);
    this.all.push(socket);
    return socket;
  }
}

export class TestStack implements Stack {
  readonly sockets: Sockets = new Sockets();
  readonly connections: TestTcp = new TestTcp();
  isUp: bool = true;

  get udp(): Udp {
    return this.sockets;
  }
  get tcp(): Tcp {
    return this.connections;
  }
  get ip(): Ip {
    return unreachable();
  }
  get names(): Resolver {
    return unreachable();
  }
  get dial(): HappyEyeballs {
    return unreachable();
  }
  get addresses(): IpAddress[] {
    return [];
  }
  whenUp(waiter: StackWaiter): void {
    if (this.isUp) waiter.onStackUp(this);
  }
  forget(waiter: StackWaiter): void {}
  ping(remote: IpAddress, handler: PingHandler): Pinger | null {
    return null;
  }
  watchAddresses(handler: AddressHandler): void {}

  /** The socket of the newest question. */
  get asked(): TestUdp {
    return this.sockets.all[this.sockets.all.length - 1];
  }
  get transfer(): TestConnection {
    return this.connections.begun[this.connections.begun.length - 1];
  }
}

/** One message of a primary. Names are texts. */
export class PrimaryMessage {
  private readonly writer: MessageWriter = new MessageWriter();
  private readonly buffer: usize = heap.alloc(MESSAGE_BYTES_MAX);
  private readonly name: usize = heap.alloc(NAME_BUFFER_BYTES);

  constructor(id: i32, type: i32, zone: string, flags: i32 = 0x8400) {
    this.writer.begin(this.buffer, MESSAGE_BYTES_MAX, id, flags);
    const bytes = nameOfText(zone, this.name);
    this.writer.question(this.name, bytes, type, 1);
  }

  raw(owner: string, type: i32, data: u8[], class_: i32 = 1): PrimaryMessage {
    const bytes = nameOfText(owner, this.name);
    const at = this.writer.record(0, this.name, bytes, type, class_, 3600, data.length);
    for (let i = 0; i < data.length; i++) store<u8>(at + <usize>i, data[i]);
    return this;
  }

  a(owner: string, last: u8): PrimaryMessage {
    return this.raw(owner, 1, [192, 0, 2, last]);
  }

  /** With refresh, retry and expire of 1000, 100 and 5000 s. */
  soa(zone: string, serial: u32): PrimaryMessage {
    const data: u8[] = [0, 0];
    put32(data, serial);
    put32(data, 1000);
    put32(data, 100);
    put32(data, 5000);
    put32(data, 60);
    return this.raw(zone, SOA, data);
  }

  get message(): Uint8Array {
    const bytes = new Uint8Array(this.writer.bytes);
    memory.copy(bytes.dataStart, this.buffer, bytes.length);
    return bytes;
  }

  /** Behind its length. */
  get framed(): Uint8Array {
    const bytes = new Uint8Array(this.writer.bytes + 2);
    store<u16>(bytes.dataStart, bswap(<u16>this.writer.bytes));
    memory.copy(bytes.dataStart + 2, this.buffer, this.writer.bytes);
    return bytes;
  }
}

function put32(to: u8[], value: u32): void {
  for (let shift = 24; shift >= 0; shift -= 8) to.push(<u8>(value >> shift));
}

/** A datagram arrives at a socket. */
export function arrive(socket: TestUdp, bytes: Uint8Array, from: Endpoint): void {
  const datagram = new Datagram();
  datagram.payload = bytes.dataStart;
  datagram.bytes = bytes.length;
  datagram.sourceHigh = from.address.high;
  datagram.sourceLow = from.address.low;
  datagram.sourcePort = from.port;
  socket.handler!.onDatagram(socket, datagram);
}
