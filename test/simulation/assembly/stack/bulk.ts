/** How much of a link one connection between two stacks uses. */
import {
  Console,
  Endpoint,
  IpAddress,
  TcpAcceptor,
  TcpConnection,
  TcpHandler,
  TcpListener,
  ipv4Low,
} from "@phantasm/interfaces";
import { hold, now, release } from "@phantasm/runtime";
import { Timed, setTimer } from "@phantasm/runtime/timers";
import { CongestionFactory } from "../../../../packages/tcp/assembly/recovery/congestion";
import { CubicFactory } from "../../../../packages/tcp/assembly/recovery/cubic";
import { NewRenoFactory } from "../../../../packages/tcp/assembly/recovery/new-reno";
import { TcpLimits } from "../../../../packages/tcp/assembly/limits";
import { TransmissionControl } from "../../../../packages/tcp/assembly/tcp";
import { TestRandom } from "@phantasm/testing/random";
import { Link } from "../link";
import { bound } from "../matrix";
import { PacketQueue } from "../queue";
import { Draw } from "../random";
import { Courier, SimulatedIp } from "./ip";

const MS: i64 = 1_000_000;
const SECOND: i64 = 1_000_000_000;
const MTU: i32 = 1500;
/** Payload of a full segment with time stamps, and what it takes on the wire. */
const PAYLOAD: f64 = 1448.0 / 1538.0;

const CLIENT: u64 = ipv4Low(0x0a00_0001);
const SERVER: u64 = ipv4Low(0x0a00_0002);

const KBITS: i64[] = [1_000, 10_000, 100_000];
const RTTS_MS: i64[] = [2, 20, 200];
const LOSSES: u32[] = [0, 1_000, 10_000];

/** The accepted connection writes as much as it can; the other one reads. */
class Bulk implements TcpHandler, TcpAcceptor {
  read: u64 = 0;
  isClosed: bool = false;
  connection: TcpConnection | null = null;
  private readonly buffer: Uint8Array = new Uint8Array(65_536);

  constructor(private readonly writes: bool) {}

  onAccept(listener: TcpListener, connection: TcpConnection): void {
    connection.setHandler(this);
    this.connection = connection;
    this.onWritable(connection);
  }

  onConnected(connection: TcpConnection): void {
    this.connection = connection;
  }

  onReadable(connection: TcpConnection): void {
    for (;;) {
      const count = connection.read(this.buffer, 0, this.buffer.length);
      if (count <= 0) return;
      this.read += count;
    }
  }

  onWritable(connection: TcpConnection): void {
    if (this.writes) while (connection.write(this.buffer, 0, this.buffer.length) > 0);
  }

  onClosed(connection: TcpConnection, reason: i32): void {
    this.isClosed = true;
  }
}

/** One cell after the other; then writes the table. */
export class BulkMatrix extends Timed {
  private readonly courier: Courier = new Courier(new PacketQueue());
  private cell: i32 = 0;
  private source: Bulk = new Bulk(true);
  private sink: Bulk = new Bulk(false);
  private listener: TcpListener | null = null;
  private isWarm: bool = false;
  private before: u64 = 0;
  private timeNs: i64 = 0;
  private text: string;

  constructor(
    private readonly control: string,
    private readonly console: Console,
  ) {
    super();
    this.text = `${control}, two stacks: per cent of the link, buffer of one round trip\n`;
    this.text += "   loss    kbit/s   rtt ms  plain  offload    theory";
    hold();
    this.begin();
  }

  private get kbits(): i64 {
    return KBITS[(this.cell / 6) % 3];
  }

  private get rttMs(): i64 {
    return RTTS_MS[(this.cell / 2) % 3];
  }

  private get loss(): u32 {
    return LOSSES[this.cell / 18];
  }

  private begin(): void {
    const queue = this.courier.queue;
    queue.clear();
    const draw = new Draw(1);
    const kbits = this.kbits;
    const rttNs = this.rttMs * MS;
    const segments = (this.cell & 1) == 1;
    const client = new SimulatedIp(CLIENT, SERVER, MTU, segments, this.courier, draw);
    const server = new SimulatedIp(SERVER, CLIENT, MTU, segments, this.courier, draw);
    const there = new Link(queue, draw);
    const back = new Link(queue, draw);
    const queueBytes = max(<i32>((kbits * this.rttMs) / 8), 8 * 1538);
    there.bitsPerSecond = kbits * 1000;
    back.bitsPerSecond = kbits * 1000;
    there.delayNs = rttNs / 2;
    back.delayNs = rttNs / 2;
    there.queueBytes = queueBytes;
    back.queueBytes = queueBytes;
    back.lossMillionths = this.loss;
    client.link = there;
    client.port = queue.attach(server);
    server.link = back;
    server.port = queue.attach(client);
    const limits = new TcpLimits();
    limits.receiveBytesMax = 16 << 20;
    limits.sendBytesMax = 16 << 20;
    let control: CongestionFactory = new CubicFactory();
    if (this.control == "newreno") control = new NewRenoFactory();
    const clientTcp = new TransmissionControl(client, new TestRandom(), control, limits);
    const serverTcp = new TransmissionControl(server, new TestRandom(), control, limits);
    this.source = new Bulk(true);
    this.sink = new Bulk(false);
    this.listener = serverTcp.listen(80, this.source, 1);
    clientTcp.connect(new Endpoint(new IpAddress(0, SERVER), 80), this.sink, 0);
    this.isWarm = false;
    setTimer(this, now() + 20 * rttNs + 2 * SECOND);
  }

  timerDue(nowNs: i64): void {
    if (!this.isWarm) {
      this.isWarm = true;
      this.before = this.sink.read;
      this.timeNs = max<i64>(5 * SECOND, 50 * this.rttMs * MS);
      setTimer(this, nowNs + this.timeNs);
      return;
    }
    const possible = ((<f64>this.kbits * 1000) / 8) * PAYLOAD * (<f64>this.timeNs / <f64>SECOND);
    const share = <i32>Math.round((100 * <f64>(this.sink.read - this.before)) / possible);
    this.write(share);
    this.listener!.close();
    const source = this.source.connection;
    if (source !== null) source.abort();
    const sink = this.sink.connection;
    if (sink !== null) sink.abort();
    if (++this.cell < 18 * LOSSES.length) {
      this.begin();
      return;
    }
    this.console.write(this.text + "\n");
    release();
  }

  private write(share: i32): void {
    if ((this.cell & 1) == 0) {
      const percent = (<f64>this.loss / 10_000).toString() + " %";
      this.text += "\n" + percent.padStart(7, " ");
      this.text += this.kbits.toString().padStart(10, " ");
      this.text += this.rttMs.toString().padStart(9, " ");
      this.text += share.toString().padStart(7, " ");
    } else {
      this.text += share.toString().padStart(9, " ");
      const theory = bound(this.control, this.kbits, this.rttMs, this.loss);
      this.text += theory.toString().padStart(10, " ");
    }
  }
}
