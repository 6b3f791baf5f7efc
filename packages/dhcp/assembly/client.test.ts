import {
  Datagram,
  Endpoint,
  EXHAUSTED,
  Errno,
  IPV4_HIGH,
  IpAddress,
  SECOND,
  Udp,
  UdpHandler,
  UdpSocket,
  UdpWaiter,
  ipv4Low,
} from "@phantasm/interfaces";
import { describe, expect, expectExit, test, world } from "@phantasm/testing";
import { dispatch, enter, hold, leave } from "@phantasm/runtime";
import { timersPending } from "@phantasm/runtime/timers";
import { DhcpClient, LeaseHandler } from "./client";
import { Lease } from "./lease";
import { DhcpState } from "./machine";
import { Answer, Dice, MAC, SERVER } from "./testing";

/** What happened, in order. */
let log: string = "";

/** One socket on a link that may be full. */
class Network implements Udp, UdpSocket {
  bindError: i32 = 0;
  localPort: u16 = 0;
  droppedDatagrams: u64 = 0;
  replyBytesMax: i32 = 0;
  hopLimit: u8 = 64;
  handler: UdpHandler | null = null;
  waiter: UdpWaiter | null = null;
  result: i32 = 0;
  private readonly datagram: Datagram = new Datagram();

  bind(port: u16, handler: UdpHandler): UdpSocket | null {
    if (this.bindError != 0) return null;
    this.localPort = port;
    this.handler = handler;
    return this;
  }

  send(remote: Endpoint, buffer: Uint8Array, offset: i32, length: i32): i32 {
    if (this.result == 0)
      log += `send type ${buffer[offset + 242]} to ${remote.address.ipv4.toString(16)}:${remote.port};`;
    return this.result;
  }

  /** A datagram arrives. */
  deliver(answer: Answer, port: u16 = 67): void {
    const handler = this.handler;
    if (handler === null) return;
    const datagram = this.datagram;
    datagram.sourceHigh = IPV4_HIGH;
    datagram.sourceLow = ipv4Low(SERVER);
    datagram.sourcePort = port;
    datagram.payload = answer.start;
    datagram.bytes = answer.length;
    handler.onDatagram(this, datagram);
  }

  whenWritable(waiter: UdpWaiter): void {
    log += "waits;";
    this.waiter = waiter;
  }

  background(): void {
    log += "background;";
  }

  close(): void {
    log += "close;";
    this.handler = null;
  }

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

class Recorder implements LeaseHandler {
  client: DhcpClient | null = null;
  /** What to do when a lease is lost. */
  stops: bool = false;
  conflicts: bool = false;

  onLease(lease: Lease): void {
    log += `lease ${lease.address.toString(16)}/${lease.prefixLength};`;
    if (this.conflicts) this.client!.conflict();
  }

  onLeaseLost(lease: Lease, loss: i32): void {
    log += `lost ${lease.address.toString(16)} ${loss};`;
    if (this.stops) this.client!.stop();
  }
}

const network = new Network();
const handler = new Recorder();
const client = new DhcpClient(network, new Dice(), MAC, "", handler);
handler.client = client;

function advance(ns: i64): void {
  enter(world.advance(ns), 0);
  dispatch();
  leave();
}

/** What happened since the last call. */
function happened(): string {
  const text = log;
  log = "";
  return text;
}

function lease(): void {
  hold();
  expect(client.start()).toBe(0);
  network.deliver(Answer.usual(2, 1));
  network.deliver(Answer.usual(5, 1));
  happened();
}

describe("the client", () => {
  test("leases an address, renews it, loses it, begins anew", () => {
    hold();
    expect(client.start()).toBe(0);
    expect(<i32>network.localPort).toBe(68);
    expect(happened()).toBe("background;send type 1 to ffffffff:67;");
    advance(3 * SECOND);
    expect(happened()).toBe("");
    advance(2 * SECOND);
    expect(happened()).toBe("send type 1 to ffffffff:67;");
    network.deliver(Answer.usual(2, 1));
    expect(happened()).toBe("send type 3 to ffffffff:67;");
    network.deliver(Answer.usual(5, 1));
    expect(happened()).toBe("lease a000042/24;");
    expect(client.state).toBe(DhcpState.BOUND);
    expect(client.lease!.gateway).toBe(SERVER);
    advance(1800 * SECOND);
    expect(happened()).toBe("send type 3 to a000001:67;");
    network.deliver(Answer.usual(5, 2));
    expect(happened()).toBe("lease a000042/24;");
    advance(3600 * SECOND);
    expect(happened()).toBe("lost a000042 1;send type 1 to ffffffff:67;");
    expect(client.lease).toBeNull();
  });

  test("what does not come from a server's port, or is no answer to us, counts for nothing", () => {
    hold();
    client.start();
    happened();
    network.deliver(Answer.usual(2, 1), 68);
    const other = Answer.usual(2, 1);
    other.bytes[28] = 4;
    network.deliver(other);
    network.deliver(Answer.usual(2, 9));
    expect(happened()).toBe("");
    expect(client.counters.received).toBe(3);
    expect(client.counters.malformed).toBe(2);
    expect(client.counters.unexpected).toBe(1);
  });

  test("a conflict: the address goes before the DECLINE leaves", () => {
    lease();
    client.conflict();
    expect(happened()).toBe("lost a000042 3;send type 4 to ffffffff:67;");
    advance(10 * SECOND);
    expect(happened()).toBe("send type 1 to ffffffff:67;");
  });

  test("a conflict that the handler finds at once", () => {
    hold();
    handler.conflicts = true;
    client.start();
    network.deliver(Answer.usual(2, 1));
    happened();
    network.deliver(Answer.usual(5, 1));
    expect(happened()).toBe("lease a000042/24;lost a000042 3;send type 4 to ffffffff:67;");
    expect(timersPending()).toBe(1);
  });

  test("a full link: what could not be sent follows when there is room", () => {
    hold();
    network.result = Errno.AGAIN;
    client.start();
    expect(happened()).toBe("background;waits;");
    advance(5 * SECOND);
    expect(happened()).toBe("");
    network.result = 0;
    client.onUdpWritable(network);
    expect(happened()).toBe("send type 1 to ffffffff:67;");
    client.onUdpWritable(network);
    expect(happened()).toBe("");
  });

  test("release tells the server, closes the socket, and nothing follows", () => {
    lease();
    client.release();
    expect(happened()).toBe("send type 7 to a000001:67;close;");
    expect(timersPending()).toBe(0);
    advance(10_000 * SECOND);
    expect(happened()).toBe("");
    expect(client.start()).toBe(0);
    expect(happened()).toBe("background;send type 1 to ffffffff:67;");
  });

  test("the handler may stop it when a lease is lost", () => {
    lease();
    handler.stops = true;
    client.conflict();
    expect(happened()).toBe("lost a000042 3;close;");
    expect(client.state).toBe(DhcpState.STOPPED);
    expect(timersPending()).toBe(0);
  });

  test("the port is taken", () => {
    network.bindError = EXHAUSTED;
    expect(client.start()).toBe(EXHAUSTED);
    expect(client.state).toBe(DhcpState.STOPPED);
  });

  test("it does not keep the domain alive", () => {
    client.start();
    expectExit(() => {
      advance(SECOND);
    }, 0);
  });
});
