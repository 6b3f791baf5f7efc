/** Ports: 7 echoes, 9 discards and says how much, 13 breaks off, 19 has the first word and no more. */
import {
  Console,
  Datagram,
  Endpoint,
  Tcp,
  TcpAcceptor,
  TcpConnection,
  TcpHandler,
  TcpListener,
  UdpHandler,
  UdpSocket,
} from "@phantasm/interfaces";
import { Stack } from "@phantasm/stack";
import { pattern } from "./pattern";

const BACKLOG: i32 = 256;
/** What port 19 says, in bytes; then it closes its own stream, and listens. */
const SPEECH_BYTES: i32 = 1_000_000;

abstract class Service implements TcpAcceptor, TcpHandler {
  constructor(tcp: Tcp, port: u16) {
    assert(tcp.listen(port, this, BACKLOG) !== null, "the port is taken");
  }

  onAccept(listener: TcpListener, connection: TcpConnection): void {
    connection.setHandler(this);
    this.serve(connection);
  }

  onConnected(connection: TcpConnection): void {}

  onReadable(connection: TcpConnection): void {
    this.serve(connection);
  }

  onWritable(connection: TcpConnection): void {
    this.serve(connection);
  }

  onClosed(connection: TcpConnection, reason: i32): void {}

  protected abstract serve(connection: TcpConnection): void;
}

class Echo extends Service {
  protected serve(connection: TcpConnection): void {
    for (let bytes = connection.peekedBytes; bytes > 0; bytes = connection.peekedBytes) {
      const taken = connection.writeFrom(connection.peek(), bytes);
      if (taken <= 0) return;
      connection.consume(taken);
    }
    if (connection.atEnd) connection.close();
  }
}

/** Breaks the connection off as soon as it hears something. */
class Rude extends Service {
  protected serve(connection: TcpConnection): void {
    if (connection.peekedBytes > 0) connection.abort();
  }
}

/** One connection at a time: speaks, closes its stream, and counts what it is still told. */
class Speaker extends Service {
  private said: i32 = 0;
  private heard: i32 = 0;
  private readonly buffer: Uint8Array = new Uint8Array(8192);

  constructor(
    tcp: Tcp,
    port: u16,
    private readonly console: Console,
    private readonly speechBytes: i32,
  ) {
    super(tcp, port);
  }

  onAccept(listener: TcpListener, connection: TcpConnection): void {
    this.said = 0;
    this.heard = 0;
    super.onAccept(listener, connection);
    if (this.speechBytes == 0) connection.shutdown();
  }

  onClosed(connection: TcpConnection, reason: i32): void {
    this.console.writeLine(`port ${connection.local.port} heard ${this.heard}, ended ${reason}`);
  }

  protected serve(connection: TcpConnection): void {
    while (this.said < this.speechBytes) {
      const length = min(this.buffer.length, this.speechBytes - this.said);
      for (let i = 0; i < length; i++) this.buffer[i] = pattern(this.said + i);
      const taken = connection.write(this.buffer, 0, length);
      if (taken <= 0) break;
      this.said += taken;
      if (this.said == this.speechBytes) connection.shutdown();
    }
    for (let bytes = connection.peekedBytes; bytes > 0; bytes = connection.peekedBytes) {
      this.heard += bytes;
      connection.consume(bytes);
    }
    if (connection.atEnd) connection.close();
  }
}

/** Datagrams of any size, in as many fragments as that takes. */
class UdpEcho implements UdpHandler {
  private readonly buffer: Uint8Array = new Uint8Array(65536);

  onDatagram(socket: UdpSocket, datagram: Datagram): void {
    datagram.copyOut(0, this.buffer, 0, datagram.bytes);
    socket.reply(datagram, this.buffer, 0, datagram.bytes);
  }

  onDatagramError(socket: UdpSocket, remote: Endpoint, error: i32): void {}
}

export function serve(stack: Stack, console: Console): void {
  new Echo(stack.tcp, 7);
  new Speaker(stack.tcp, 9, console, 0);
  new Rude(stack.tcp, 13);
  new Speaker(stack.tcp, 19, console, SPEECH_BYTES);
  stack.udp.bind(7, new UdpEcho());
  console.writeLine("serving");
}
