/** What nearly every test of this package begins with: a stack, a peer, and a handler that notes what it hears. */
import {
  Endpoint,
  IpAddress,
  TcpAcceptor,
  TcpConnection,
  TcpHandler,
  TcpListener,
} from "@phantasm/interfaces";
import { hold } from "@phantasm/runtime";
import { Connection } from "../connection";
import { TcpLimits } from "../limits";
import { CubicFactory } from "../recovery/cubic";
import { TransmissionControl } from "../tcp";
import { step } from "./clock";
import { FakeIp, REMOTE } from "./fake-ip";
import { Peer } from "./peer";
import { TestRandom } from "@phantasm/testing/random";

export const MS: i64 = 1_000_000;
export const S: i64 = 1_000_000_000;

/** Notes what it hears, in words. */
export class Recorder implements TcpHandler, TcpAcceptor {
  heard: string = "";
  accepted: TcpConnection | null = null;
  /** Connections get this handler when they are accepted. */
  takes: bool = true;
  /** Reads all there is, and throws it away. */
  reads: bool = false;
  readBytes: i32 = 0;
  buffer: Uint8Array = new Uint8Array(70_000);

  onAccept(listener: TcpListener, connection: TcpConnection): void {
    this.heard += "accept ";
    this.accepted = connection;
    if (this.takes) connection.setHandler(this);
  }

  onConnected(connection: TcpConnection): void {
    this.heard += "connected ";
  }

  onReadable(connection: TcpConnection): void {
    this.heard += "readable ";
    if (!this.reads) return;
    for (;;) {
      const bytes = connection.read(this.buffer, 0, this.buffer.length);
      if (bytes <= 0) break;
      this.readBytes += bytes;
    }
  }

  onWritable(connection: TcpConnection): void {
    this.heard += "writable ";
  }

  onClosed(connection: TcpConnection, reason: i32): void {
    this.heard += `closed:${reason} `;
  }

  /** What was heard since the last call. */
  take(): string {
    const heard = this.heard.trimEnd();
    this.heard = "";
    return heard;
  }
}

export let ip: FakeIp = new FakeIp();
export let peer: Peer = new Peer(ip);
export let recorder: Recorder = new Recorder();
export let tcp: TransmissionControl = new TransmissionControl(
  ip,
  new TestRandom(),
  new CubicFactory(),
);
export let listener: TcpListener | null = null;
/** The connection of the test. */
export let c: Connection | null = null;

/** A stack that listens at port 80, some days after boot. */
export function setUp(limits: TcpLimits = new TcpLimits(), backlog: i32 = 16): void {
  hold();
  ip = new FakeIp();
  peer = new Peer(ip);
  recorder = new Recorder();
  tcp = new TransmissionControl(ip, new TestRandom(), new CubicFactory(), limits);
  step(300_000 * S);
  listener = tcp.listen(80, recorder, backlog);
}

/** A connection that the peer has made. */
export function accept(syn: string = "S mss=1460 ws=7 sackok"): Connection {
  peer.sends(syn);
  peer.expects("SA seq=0 ack=1");
  peer.sends("A");
  return take();
}

/** The connection that was accepted last. */
export function take(): Connection {
  const made = <Connection>recorder.accepted!;
  c = made;
  assert(recorder.take() == "accept", "the connection is accepted");
  return made;
}

/** `connect` to the peer's port 7 from port 5000; its SYN has been sent. */
export function begin(): Connection {
  const made = <Connection>tcp.connect(new Endpoint(new IpAddress(0, REMOTE), 7), recorder, 5000)!;
  c = made;
  peer.port = 7;
  peer.remotePort = 5000;
  step(0);
  peer.expects("seq=0 len=0");
  return made;
}

/** A connection that this side has made. */
export function connect(synAck: string = "SA mss=1460 ws=7 sackok"): Connection {
  const made = begin();
  peer.sends(synAck);
  peer.expects("A seq=1 ack=1");
  assert(recorder.take() == "connected", "the connection is made");
  return made;
}

const pattern = new Uint8Array(1 << 20);

/** Writes `bytes` bytes to the connection; returns how many it took. */
export function write(connection: TcpConnection, bytes: i32): i32 {
  return connection.write(pattern, 0, bytes);
}
