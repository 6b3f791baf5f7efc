/** Connections opened, used and closed, many of them: memory must stay where it was after the first tenth. */
import {
  Endpoint,
  IpAddress,
  TcpAcceptor,
  TcpConnection,
  TcpHandler,
  TcpListener,
} from "@phantasm/interfaces";
import { hold, now, release } from "@phantasm/runtime";
import { Timed, setTimer } from "@phantasm/runtime/timers";
import { CubicFactory, TcpLimits, TransmissionControl } from "@phantasm/tcp";
import { ranges } from "@phantasm/tcp/recovery/ranges";
import { TestRandom } from "@phantasm/testing/random";
import { Devices } from "../.phantasm/devices";
import { RIGHT, Wire } from "./wire";

const AT_ONCE: i32 = 100;
const buffer = new Uint8Array(2000);

class Server implements TcpHandler, TcpAcceptor {
  onAccept(listener: TcpListener, connection: TcpConnection): void {
    connection.setHandler(this);
  }

  onConnected(connection: TcpConnection): void {}

  /** Sends back what comes. */
  onReadable(connection: TcpConnection): void {
    for (;;) {
      const bytes = connection.read(buffer, 0, buffer.length);
      if (bytes == 0) connection.close();
      if (bytes <= 0) return;
      connection.write(buffer, 0, bytes);
    }
  }

  onWritable(connection: TcpConnection): void {}

  onClosed(connection: TcpConnection, reason: i32): void {}
}

export class Leak extends Timed implements TcpHandler {
  private readonly one: TransmissionControl;
  private readonly two: TransmissionControl;
  private begun: i32 = 0;
  private ended: i32 = 0;
  private failed: i32 = 0;
  private pagesAtFirst: i32 = 0;

  constructor(
    private readonly os: Devices,
    private readonly count: i32,
  ) {
    super();
    const wire = new Wire(new TestRandom());
    wire.delayNs = 1000;
    const limits = new TcpLimits();
    limits.timeWait = 1000;
    this.one = new TransmissionControl(wire.left, new TestRandom(1), new CubicFactory(), limits);
    this.two = new TransmissionControl(wire.right, new TestRandom(2), new CubicFactory(), limits);
  }

  begin(): void {
    hold();
    this.two.listen(80, new Server(), 1000)!.background();
    for (let i = 0; i < AT_ONCE; i++) this.connect();
  }

  private connect(): void {
    if (this.begun == this.count) return;
    this.begun++;
    this.one.connect(new Endpoint(new IpAddress(0, RIGHT), 80), this, 0);
  }

  onConnected(connection: TcpConnection): void {
    connection.write(buffer, 0, 200);
  }

  onReadable(connection: TcpConnection): void {
    while (connection.read(buffer, 0, buffer.length) > 0) {}
    // One in eight breaks off.
    if ((this.ended & 7) == 0) connection.abort();
    else connection.close();
  }

  onWritable(connection: TcpConnection): void {}

  onClosed(connection: TcpConnection, reason: i32): void {
    if (reason != 0 && reason != -16) this.failed++;
    this.ended++;
    if (this.ended == this.count / 10) this.pagesAtFirst = memory.size();
    if (this.ended < this.count) this.connect();
    else setTimer(this, now() + 200_000_000_000);
  }

  timerDue(nowNs: i64): void {
    const one = this.one;
    const two = this.two;
    this.os.console.write(
      `ended ${this.ended}, failed ${this.failed}, pages ${memory.size() - this.pagesAtFirst} more, ` +
        `connections ${one.connections + two.connections}, half-open ${one.halfOpen + two.halfOpen}, ` +
        `blocks ${one.pool.used + two.pool.used}, ranges ${ranges.used}`,
    );
    release();
  }
}
