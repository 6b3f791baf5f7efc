/** One stream as fast as it goes, over a wire without fault: what the stack costs. */
import {
  Endpoint,
  IpAddress,
  TcpAcceptor,
  TcpConnection,
  TcpHandler,
  TcpListener,
} from "@phantasm/interfaces";
import { CubicFactory, TransmissionControl } from "@phantasm/tcp";
import { TestRandom } from "@phantasm/testing/random";
import { Devices } from "../.phantasm/devices";
import { RIGHT, Wire } from "./wire";

const buffer = new Uint8Array(262_144);

export class Bulk implements TcpHandler, TcpAcceptor {
  private left: u64;
  private readonly wire: Wire = new Wire(new TestRandom());

  /** @param megabytes to be sent */
  constructor(
    private readonly os: Devices,
    megabytes: i32,
    segments: bool,
  ) {
    this.left = (<u64>megabytes) << 20;
    this.wire.delayNs = 100_000;
    this.wire.left.setMtu(1500, segments);
  }

  begin(): void {
    const one = new TransmissionControl(this.wire.left, new TestRandom(1), new CubicFactory());
    const two = new TransmissionControl(this.wire.right, new TestRandom(2), new CubicFactory());
    two.listen(80, this, 1)!.background();
    one.connect(new Endpoint(new IpAddress(0, RIGHT), 80), this, 0);
  }

  onAccept(listener: TcpListener, connection: TcpConnection): void {
    connection.setHandler(this);
  }

  onConnected(connection: TcpConnection): void {
    this.onWritable(connection);
  }

  onReadable(connection: TcpConnection): void {
    let bytes = 1;
    while (bytes > 0) bytes = connection.read(buffer, 0, buffer.length);
    if (bytes == 0) connection.close();
  }

  onWritable(connection: TcpConnection): void {
    while (this.left > 0) {
      const taken = connection.write(buffer, 0, <i32>min<u64>(buffer.length, this.left));
      if (taken < 0) return;
      this.left -= taken;
    }
    connection.close();
  }

  onClosed(connection: TcpConnection, reason: i32): void {
    if (connection.local.port != 80)
      this.os.console.write(`closed ${reason}, packets ${this.wire.carried}`);
  }
}
