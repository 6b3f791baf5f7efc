import { Tcp, TcpAcceptor, TcpConnection, TcpHandler, TcpListener } from "@phantasm/interfaces";

const BACKLOG: i32 = 128;

/** One object serves all connections: what is not sent back yet stays in the connection, unread. */
export class EchoServer implements TcpAcceptor, TcpHandler {
  constructor(tcp: Tcp, port: u16) {
    assert(tcp.listen(port, this, BACKLOG) !== null, "the port is taken");
  }

  onAccept(listener: TcpListener, connection: TcpConnection): void {
    connection.setHandler(this);
    this.echo(connection);
  }

  onConnected(connection: TcpConnection): void {}

  onReadable(connection: TcpConnection): void {
    this.echo(connection);
  }

  onWritable(connection: TcpConnection): void {
    this.echo(connection);
  }

  onClosed(connection: TcpConnection, reason: i32): void {}

  /** Sends back what there is and what there is room for: a client that does not read closes its own window. */
  private echo(connection: TcpConnection): void {
    for (let bytes = connection.peekedBytes; bytes > 0; bytes = connection.peekedBytes) {
      const taken = connection.writeFrom(connection.peek(), bytes);
      if (taken <= 0) return;
      connection.consume(taken);
    }
    if (connection.atEnd) connection.close();
  }
}
