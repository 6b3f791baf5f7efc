/**
 * Two stacks exchange streams over a wire that a seed makes bad, in both directions at once, with readers and writers
 * of moods. Every byte must arrive, in its place; both sides must hear of the end.
 */
import {
  Endpoint,
  Errno,
  IpAddress,
  TcpAcceptor,
  TcpConnection,
  TcpHandler,
  TcpListener,
} from "@phantasm/interfaces";
import { hold, now, release } from "@phantasm/runtime";
import { Timed, cancelTimer, setTimer } from "@phantasm/runtime/timers";
import { CubicFactory, NewRenoFactory, TcpLimits, TransmissionControl } from "@phantasm/tcp";
import { ranges } from "@phantasm/tcp/recovery/ranges";
import { streamByte } from "@phantasm/tcp/testing";
import { TestRandom } from "@phantasm/testing/random";
import { Devices } from "../.phantasm/devices";
import { RIGHT, Wire } from "./wire";

const SECOND: i64 = 1_000_000_000;
/** After this long something hangs. */
const PATIENCE_NS: i64 = 24 * 3600 * SECOND;
const PIECE_BYTES: i32 = 20_000;

const buffer = new Uint8Array(PIECE_BYTES);

/** One side: writes a stream, reads the other's. */
class Side extends Timed implements TcpHandler, TcpAcceptor {
  connection: TcpConnection | null = null;
  toWrite: u32 = 0;
  written: u32 = 0;
  toRead: u32 = 0;
  read: u32 = 0;
  /** In a million: pauses before reading. */
  laziness: u32 = 0;
  isShut: bool = false;
  isDone: bool = false;
  problem: string = "";

  constructor(
    private readonly streams: Streams,
    private readonly name: string,
  ) {
    super();
  }

  onAccept(listener: TcpListener, connection: TcpConnection): void {
    this.connection = connection;
    connection.setHandler(this);
    this.write();
  }

  onConnected(connection: TcpConnection): void {
    this.write();
  }

  onReadable(connection: TcpConnection): void {
    const random = this.streams.random;
    if (this.laziness > 0 && random.below(1_000_000) < this.laziness) {
      if (!this.timerIsPending) setTimer(this, now() + <i64>(random.u64() % <u64>(2 * SECOND)));
      return;
    }
    this.readAll();
  }

  timerDue(nowNs: i64): void {
    this.readAll();
  }

  private readAll(): void {
    const connection = this.connection!;
    const random = this.streams.random;
    for (;;) {
      if (this.isDone) return;
      const wanted = 1 + <i32>random.below(PIECE_BYTES);
      const bytes = connection.read(buffer, 0, wanted);
      if (bytes == Errno.AGAIN) return;
      if (bytes == 0) {
        if (this.read != this.toRead)
          this.fail(`the end after ${this.read} of ${this.toRead} bytes`);
        return;
      }
      if (bytes < 0) return this.fail(`read: ${bytes}`);
      for (let i = 0; i < bytes; i++)
        if (buffer[i] != streamByte(this.read + i))
          return this.fail(`byte ${this.read + i} is wrong`);
      this.read += bytes;
    }
  }

  onWritable(connection: TcpConnection): void {
    this.write();
  }

  private write(): void {
    const connection = this.connection!;
    const random = this.streams.random;
    while (this.written < this.toWrite) {
      const bytes = <i32>min<u32>(1 + random.below(PIECE_BYTES), this.toWrite - this.written);
      for (let i = 0; i < bytes; i++) buffer[i] = streamByte(this.written + i);
      const taken = connection.write(buffer, 0, bytes);
      if (taken == Errno.AGAIN) return;
      if (taken < 0) return this.fail(`write: ${taken}`);
      this.written += taken;
    }
    if (this.isShut) return;
    this.isShut = true;
    connection.shutdown();
  }

  onClosed(connection: TcpConnection, reason: i32): void {
    if (reason != 0) this.fail(`closed: ${reason}`);
    else if (this.read != this.toRead)
      this.fail(`closed after ${this.read} of ${this.toRead} bytes`);
    this.isDone = true;
    this.streams.look();
  }

  private fail(problem: string): void {
    if (this.problem == "") this.problem = this.name + ": " + problem;
    this.isDone = true;
    this.streams.look();
  }
}

export class Streams extends Timed {
  random: TestRandom = new TestRandom();
  private left: Side | null = null;
  private right: Side | null = null;
  private one: TransmissionControl | null = null;
  private two: TransmissionControl | null = null;
  private wire: Wire | null = null;
  private listener: TcpListener | null = null;
  private isOver: bool = false;
  private segments: u64 = 0;

  constructor(
    private readonly os: Devices,
    private seed: u32,
    private left_: i32,
  ) {
    super();
  }

  begin(): void {
    hold();
    this.next();
  }

  private next(): void {
    this.isOver = false;
    const random = new TestRandom(<u64>this.seed * 0x9e3779b97f4a7c15);
    this.random = random;
    const wire = new Wire(random);
    this.wire = wire;
    wire.delayNs = <i64>(random.u64() % (random.below(2) == 0 ? 1_000_000 : 100_000_000));
    if (random.below(2) == 0) wire.loss = random.below(100_000);
    if (random.below(3) == 0) wire.jitterNs = <i64>(random.u64() % 20_000_000);
    if (random.below(4) == 0) wire.duplication = random.below(200_000);
    if (random.below(4) == 0) wire.corruption = random.below(50_000);
    if (random.below(4) == 0) wire.marking = random.below(200_000);
    if (random.below(4) == 0) wire.refusal = random.below(500_000);
    const mtu = random.below(3) == 0 ? 1500 : 576 + <i32>random.below(8000);
    wire.left.setMtu(mtu, random.below(2) == 0);
    wire.right.setMtu(mtu, random.below(2) == 0);
    const one = this.stack(wire, true);
    const two = this.stack(wire, false);
    this.one = one;
    this.two = two;
    const left = new Side(this, "left");
    const right = new Side(this, "right");
    this.left = left;
    this.right = right;
    left.toWrite = this.size();
    right.toWrite = this.size();
    left.toRead = right.toWrite;
    right.toRead = left.toWrite;
    if (random.below(3) == 0) left.laziness = random.below(500_000);
    if (random.below(3) == 0) right.laziness = random.below(500_000);
    this.listener = two.listen(80, right, 4);
    left.connection = one.connect(new Endpoint(new IpAddress(0, RIGHT), 80), left, 0);
    setTimer(this, now() + PATIENCE_NS);
  }

  private size(): u32 {
    const random = this.random;
    return random.below(4) == 0
      ? random.below(100)
      : random.below(random.below(4) == 0 ? 2_000_000 : 100_000);
  }

  private stack(wire: Wire, isLeft: bool): TransmissionControl {
    const random = this.random;
    const limits = new TcpLimits();
    // A wire may be dead for a while, and the streams must go on.
    limits.userTimeoutNs = 12 * 3600 * SECOND;
    limits.synRetries = 100;
    limits.synAckRetries = 100;
    if (random.below(3) == 0) limits.memoryBytes = (20 + <i32>random.below(200)) * 4096;
    if (random.below(3) == 0) limits.receiveBytesFirst = 2000 + <i32>random.below(60_000);
    if (random.below(4) == 0) limits.halfOpen = 0;
    if (random.below(4) == 0) limits.receiveBytesMax = limits.receiveBytesFirst;
    const end = isLeft ? wire.left : wire.right;
    if (random.below(3) == 0)
      return new TransmissionControl(end, random, new NewRenoFactory(), limits);
    return new TransmissionControl(end, random, new CubicFactory(), limits);
  }

  /** Is it over? */
  look(): void {
    const left = this.left!;
    const right = this.right!;
    if (this.isOver) return;
    const failed = left.problem != "" || right.problem != "";
    if (!failed && !(left.isDone && right.isDone)) return;
    this.isOver = true;
    // Not inside of a handler.
    setTimer(this, now() + 200 * SECOND);
  }

  timerDue(nowNs: i64): void {
    const left = this.left!;
    const right = this.right!;
    let problem = left.problem + " " + right.problem;
    if (!this.isOver)
      problem = `hangs: left ${left.read} of ${left.toRead}, right ${right.read} of ${right.toRead}`;
    else if (problem == " ") {
      problem = "";
      const one = this.one!;
      const two = this.two!;
      if (one.pool.used != 0 || two.pool.used != 0)
        problem = `blocks: ${one.pool.used}, ${two.pool.used}`;
      else if (one.connections != 0 || two.connections != 0)
        problem = `connections: ${one.connections}, ${two.connections}`;
      else if (ranges.used != 0) problem = `ranges: ${ranges.used}`;
    }
    cancelTimer(left);
    cancelTimer(right);
    this.segments += this.wire!.carried;
    this.listener!.close();
    if (problem != "") {
      const w = this.wire!;
      const a = this.one!.counters;
      const b = this.two!.counters;
      this.os.console.write(
        `seed ${this.seed}: ${problem} at ${nowNs / 1000000} loss ${w.loss} corr ${w.corruption} delay ${w.delayNs} half ${this.two!.limits.halfOpen} resets ${a.resetsSent} ${b.resetsSent} ${b.cookiesSent} ${b.cookiesAccepted} ${b.cookiesRefused} left ${left.read}/${left.toRead} right ${right.read}/${right.toRead} rightdone ${right.isDone} ${b.droppedBacklog} acc ${b.connectionsAccepted} ${b.connectionsReset}`,
      );
      this.os.exit(1);
      return;
    }
    if (--this.left_ == 0) {
      this.os.console.write(`${this.segments} segments`);
      release();
      return;
    }
    this.seed++;
    this.next();
  }
}
