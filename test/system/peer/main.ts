import { Fibre, Semaphore, sleep, spawn } from "@phantasm/fibre";
import { Endpoint, MILLISECOND, SECOND } from "@phantasm/interfaces";
import { TcpServer, TcpSocket } from "@phantasm/socket";
import { Devices } from "./.phantasm/devices";

const BUFFER_BYTES: i32 = 8192;

/** Says its name, echoes, and has the last word after the client has closed its stream. */
class Session extends Fibre {
  constructor(
    private readonly socket: TcpSocket,
    private readonly greeting: string,
  ) {
    super("session");
  }

  run(): i32 {
    const socket = this.socket;
    const buffer = new Uint8Array(BUFFER_BYTES);
    let result = socket.writeText(this.greeting);
    while (result == 0) {
      const bytes = socket.read(buffer);
      if (bytes <= 0) break;
      result = socket.writeAll(buffer, bytes);
    }
    if (result == 0) socket.writeText("!");
    socket.close();
    return 0;
  }
}

function pattern(at: i32): u8 {
  return <u8>((at * 7) ^ (at >> 8));
}

/** Sends what its client expects back. */
class Sender extends Fibre {
  constructor(
    private readonly socket: TcpSocket,
    private readonly bytes: i32,
  ) {
    super("sender");
  }

  run(): i32 {
    const buffer = new Uint8Array(BUFFER_BYTES);
    for (let at = 0; at < this.bytes;) {
      const length = min(BUFFER_BYTES, this.bytes - at);
      for (let i = 0; i < length; i++) buffer[i] = pattern(at + i);
      if (this.socket.writeAll(buffer, length) != 0) return 0;
      at += length;
    }
    this.socket.shutdown();
    return 0;
  }
}

/** One connection from its greeting to the last word; what it was is a line. */
class Client extends Fibre {
  constructor(
    private readonly os: Devices,
    private readonly remote: Endpoint,
    private readonly slots: Semaphore,
  ) {
    super("client");
  }

  run(): i32 {
    const text = this.talk();
    this.os.console.writeLine(text);
    this.slots.release();
    return 0;
  }

  private talk(): string {
    const os = this.os;
    const bytes = <i32>os.arguments.bytes;
    const deadlineNs = os.now + os.arguments.timeout * SECOND;
    const socket = new TcpSocket();
    const failed = socket.connect(os.stack.tcp, this.remote, deadlineNs);
    if (failed != 0) return `failed ${failed}`;
    const buffer = new Uint8Array(BUFFER_BYTES);
    const first = socket.readInto(buffer, 0, 1, deadlineNs);
    if (first != 1) {
      socket.abort();
      return `broken ${first}`;
    }
    const name = String.fromCharCode(buffer[0]);
    spawn(new Sender(socket, bytes));
    let at = 0;
    while (true) {
      if (os.arguments.pause > 0) sleep(os.arguments.pause * MILLISECOND);
      const length = socket.read(buffer, deadlineNs);
      if (length < 0) {
        socket.abort();
        return `${name} broken ${length} after ${at}`;
      }
      if (length == 0) break;
      for (let i = 0; i < length; i++, at++) {
        const expected = at == bytes ? <u8>33 : pattern(at);
        if (buffer[i] == expected) continue;
        socket.abort();
        return `${name} wrong at ${at}`;
      }
    }
    socket.close();
    return `${name} ${at}`;
  }
}

function serve(os: Devices): void {
  const server = new TcpServer();
  if (server.listen(os.stack.tcp, <u16>os.arguments.listen) != 0) os.exit(1);
  for (let socket = server.accept(); socket !== null; socket = server.accept())
    spawn(new Session(socket, os.arguments.name));
}

export function main(os: Devices): void {
  const name = os.arguments.name;
  if (name.length > 0) {
    serve(os);
    return;
  }
  const remote = Endpoint.parse(os.arguments.connect);
  if (remote === null) {
    os.exit(2);
    return;
  }
  const slots = new Semaphore(<i32>os.arguments.together);
  for (let made: i64 = 0; made < os.arguments.clients; made++) {
    slots.acquire();
    spawn(new Client(os, remote, slots));
  }
}
