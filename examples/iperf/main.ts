import { Fibre, spawn } from "@phantasm/fibre";
import { SECOND } from "@phantasm/interfaces";
import { TcpServer, TcpSocket } from "@phantasm/socket";
import { Devices } from "./.phantasm/devices";
import { COOKIE_BYTES, State } from "./protocol";
import { Test } from "./test-run";

const PORT: u16 = 5201;
/** A client says who it is at once. */
const GREETING_NS: i64 = 5 * SECOND;

/** The test that runs, if one does: iperf3 serves one client at a time. */
let test: Test | null = null;

/** Finds out what a connection is for: a new test, or a stream of the one that runs. */
class Greeter extends Fibre {
  constructor(
    private readonly os: Devices,
    private readonly socket: TcpSocket,
  ) {
    super("greeter");
  }

  run(): i32 {
    const socket = this.socket;
    const cookie = new Uint8Array(COOKIE_BYTES);
    if (socket.readExactly(cookie, 0, COOKIE_BYTES, this.os.now + GREETING_NS) != 0) {
      socket.abort();
      return 0;
    }
    const running = test;
    if (running !== null) {
      if (running.takes(cookie)) running.addStream(socket.raw);
      else this.refuse();
      return 0;
    }
    const begun = new Test(this.os, socket, cookie);
    test = begun;
    begun.run();
    test = null;
    return 0;
  }

  private refuse(): void {
    const answer = new Uint8Array(1);
    answer[0] = <u8>State.ACCESS_DENIED;
    this.socket.writeAll(answer);
    this.socket.close();
  }
}

export function main(os: Devices): void {
  const server = new TcpServer();
  assert(server.listen(os.stack.tcp, PORT) == 0, "port 5201 is taken");
  for (let socket = server.accept(); socket !== null; socket = server.accept())
    spawn(new Greeter(os, socket));
}
