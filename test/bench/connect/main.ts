import { Endpoint, IpAddress, TcpConnection, TcpHandler } from "@phantasm/interfaces";
import { Stack, StackWaiter } from "@phantasm/stack";
import { Devices } from "./.phantasm/devices";

const PORT: u16 = 7;
const AT_ONCE: i32 = 64;

/** Connects, sends a byte, gets it back, closes; prints the nanoseconds of each round. */
class Client implements StackWaiter, TcpHandler {
  private readonly byte: Uint8Array = new Uint8Array(1);
  private readonly remote: Endpoint;
  private begun: i32 = 0;
  private ended: i32 = 0;
  private failed: i32 = 0;
  private rounds: i32 = 0;
  private roundBeganNs: i64 = 0;

  constructor(private readonly os: Devices) {
    const address = IpAddress.parse(os.arguments.server);
    if (address === null) throw new Error("--server is no address");
    this.remote = new Endpoint(address, PORT);
    os.stack.whenUp(this);
  }

  onStackUp(stack: Stack): void {
    this.beginRound();
  }

  private beginRound(): void {
    this.begun = 0;
    this.ended = 0;
    this.roundBeganNs = this.os.now;
    for (let i = 0; i < AT_ONCE; i++) this.connect();
  }

  private connect(): void {
    if (this.begun == <i32>this.os.arguments.connections) return;
    this.begun++;
    assert(this.os.stack.tcp.connect(this.remote, this, 0) !== null, "no connection is free");
  }

  onConnected(connection: TcpConnection): void {
    connection.write(this.byte, 0, 1);
  }

  onReadable(connection: TcpConnection): void {
    if (connection.read(this.byte, 0, 1) > 0) connection.shutdown();
  }

  onWritable(connection: TcpConnection): void {}

  onClosed(connection: TcpConnection, reason: i32): void {
    if (reason != 0) this.failed++;
    if (++this.ended < <i32>this.os.arguments.connections) {
      this.connect();
      return;
    }
    const tookNs = this.os.now - this.roundBeganNs;
    this.os.console.writeLine(`{"ns":${tookNs},"failed":${this.failed}}`);
    if (++this.rounds < <i32>this.os.arguments.rounds) this.beginRound();
  }
}

export function main(os: Devices): void {
  new Client(os);
}
