import { Datagram, Endpoint, UdpHandler, UdpSocket } from "@phantasm/interfaces";

/** Answers with the same bytes, in place; or only listens. */
@final
export class Echo implements UdpHandler {
  answers: bool = true;
  heard: i32 = 0;

  onDatagram(socket: UdpSocket, datagram: Datagram): void {
    this.heard++;
    if (!this.answers) return;
    const at = socket.beginReply(datagram);
    memory.copy(at, datagram.payload, datagram.bytes);
    socket.sendReply(datagram.bytes);
  }

  onDatagramError(socket: UdpSocket, remote: Endpoint, error: i32): void {}
}
