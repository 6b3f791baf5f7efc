import { Event, Fibre, spawn } from "@phantasm/fibre";
import { ConnectHandler, Family, Lookup, LookupHandler, Race } from "@phantasm/dns";
import { Endpoint, SECOND, TcpConnection } from "@phantasm/interfaces";
import { TcpSocket } from "@phantasm/socket";
import { Devices } from "./.phantasm/devices";
import { pattern } from "./pattern";

const BUFFER_BYTES: i32 = 8192;

class Found implements LookupHandler {
  readonly over: Event = new Event("a name");

  onResolved(lookup: Lookup): void {
    this.over.set();
  }
}

export function resolveAsTold(os: Devices): void {
  for (const name of os.arguments.resolve.split(",")) {
    const found = new Found();
    const lookup = os.stack.names.resolve(name, Family.ANY, found);
    if (lookup === null) continue;
    found.over.wait();
    const words: string[] = [];
    for (const address of lookup.addresses) words.push(address.toString());
    const text = lookup.error == 0 ? words.sort().join(" ") : `error ${lookup.error}`;
    os.console.writeLine(`${name}: ${text}`);
  }
}

class Dialled implements ConnectHandler {
  readonly over: Event = new Event("a connection to a name");
  error: i32 = 0;

  constructor(private readonly socket: TcpSocket) {}

  onConnection(race: Race, connection: TcpConnection): void {
    this.socket.adopt(connection);
    this.over.set();
  }

  onNoConnection(race: Race, error: i32): void {
    this.error = error;
    this.over.set();
  }
}

/** 0, or why not. */
function connect(os: Devices, socket: TcpSocket): i32 {
  const text = os.arguments.connect;
  const remote = Endpoint.parse(text);
  const deadlineNs = os.now + os.arguments.timeout * SECOND;
  if (remote !== null) return socket.connect(os.stack.tcp, remote, deadlineNs);
  const colon = text.lastIndexOf(":");
  const dialled = new Dialled(socket);
  const port = <u16>I32.parseInt(text.substring(colon + 1));
  if (os.stack.dial.connect(text.substring(0, colon), port, dialled) === null) return -1;
  dialled.over.wait();
  return dialled.error;
}

class Sender extends Fibre {
  readonly over: Event = new Event("all to be sent");

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
      if (this.socket.writeAll(buffer, length) != 0) break;
      at += length;
    }
    this.socket.shutdown();
    this.over.set();
    return 0;
  }
}

/** Connects, sends, and checks what it hears until the other side closes. */
export function connectAsTold(os: Devices): void {
  const socket = new TcpSocket();
  const failed = connect(os, socket);
  if (failed != 0) {
    os.console.writeLine(`not connected: ${failed}`);
    return;
  }
  os.console.writeLine(`connected to ${socket.remote.toString()}`);
  const sender = new Sender(socket, <i32>os.arguments.bytes);
  spawn(sender);
  const buffer = new Uint8Array(BUFFER_BYTES);
  let at = 0;
  let wrong = 0;
  let bytes = socket.read(buffer);
  for (; bytes > 0; bytes = socket.read(buffer))
    for (let i = 0; i < bytes; i++, at++) if (buffer[i] != pattern(at)) wrong++;
  // The other side may have closed first.
  sender.over.wait();
  socket.close();
  const ending = bytes < 0 ? bytes : socket.finish();
  os.console.writeLine(`heard ${at}, wrong ${wrong}, ended ${ending}`);
}
