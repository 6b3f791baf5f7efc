import { Tcp, TcpAcceptor, TcpConnection, TcpHandler, TcpListener } from "@phantasm/interfaces";
import { Devices } from "./.phantasm/devices";

const PORT: u16 = 80;
const BACKLOG: i32 = 1024;
const BODY_BYTES: i32 = 1024;
const CR: u8 = 13;
const LF: u8 = 10;
/** Characters of CR LF CR LF, the end of a request. */
const END_BYTES: i32 = 4;

/** Answers the end of every head with the same page. The tag counts how much of an end has come. */
class Site implements TcpAcceptor, TcpHandler {
  private readonly answer: Uint8Array = Uint8Array.wrap(
    String.UTF8.encode(
      "HTTP/1.1 200 OK\r\nServer: phantasm\r\nContent-Type: text/html\r\n" +
        `Content-Length: ${BODY_BYTES}\r\nConnection: keep-alive\r\n\r\n` +
        "x".repeat(BODY_BYTES),
    ),
  );

  constructor(tcp: Tcp) {
    assert(tcp.listen(PORT, this, BACKLOG) !== null, "port 80 is taken");
  }

  onAccept(listener: TcpListener, connection: TcpConnection): void {
    connection.setHandler(this);
    connection.noDelay = true;
    this.onReadable(connection);
  }

  onConnected(connection: TcpConnection): void {}

  onReadable(connection: TcpConnection): void {
    for (let bytes = connection.peekedBytes; bytes > 0; bytes = connection.peekedBytes) {
      const requests = this.scan(connection, connection.peek(), bytes);
      connection.consume(bytes);
      for (let i = 0; i < requests; i++)
        if (connection.write(this.answer, 0, this.answer.length) != this.answer.length) {
          // It has asked for more than the send buffer holds, and reads nothing.
          connection.abort();
          return;
        }
    }
    if (connection.atEnd) connection.close();
  }

  onWritable(connection: TcpConnection): void {}

  onClosed(connection: TcpConnection, reason: i32): void {}

  /** How many requests end in these bytes. */
  private scan(connection: TcpConnection, at: usize, bytes: i32): i32 {
    let requests = 0;
    let matched = connection.tag;
    for (let i = 0; i < bytes; i++) {
      const character = load<u8>(at + i);
      if (character == ((matched & 1) == 0 ? CR : LF)) matched++;
      else matched = character == CR ? 1 : 0;
      if (matched < END_BYTES) continue;
      requests++;
      matched = 0;
    }
    connection.tag = matched;
    return requests;
  }
}

export function main(os: Devices): void {
  new Site(os.stack.tcp);
}
