import { Datagram, Endpoint, UdpHandler, UdpSocket } from "@phantasm/interfaces";
import { Devices } from "./.phantasm/devices";

/** RFC 862. */
const ECHO_PORT: u16 = 7;

class Echo implements UdpHandler {
  onDatagram(socket: UdpSocket, datagram: Datagram): void {
    // A datagram larger than a frame is left out: no client of this protocol needs one.
    if (datagram.bytes > socket.replyBytesMax) return;
    memory.copy(socket.beginReply(datagram), datagram.payload, datagram.bytes);
    // Lost, if the link has no room: datagrams may be.
    socket.sendReply(datagram.bytes);
  }

  onDatagramError(socket: UdpSocket, remote: Endpoint, error: i32): void {}
}

export function main(os: Devices): void {
  assert(os.stack.udp.bind(ECHO_PORT, new Echo()) !== null, "port 7 is taken");
}
