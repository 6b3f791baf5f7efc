import {
  Console,
  ETHERNET_HEADER_BYTES,
  FrameHandler,
  LINK_HEADROOM_BYTES,
  Link,
  MAC_BYTES,
} from "@phantasm/interfaces";
import { Devices } from "./.phantasm/devices";

/** IEEE 802 local experimental EtherType 1, high byte first on the wire. */
const ETHERTYPE: u16 = 0x88b5;

/** Prints the sender of every frame, after it has sent one to everybody. */
class Listener implements FrameHandler {
  constructor(private readonly console: Console) {}

  onFrame(buffer: Uint8Array, offset: i32, length: i32): void {
    let sender = "";
    for (let i = MAC_BYTES; i < 2 * MAC_BYTES; i++) {
      if (i > MAC_BYTES) sender += ":";
      sender += (<u32>buffer[offset + i]).toString(16).padStart(2, "0");
    }
    this.console.writeLine(length.toString() + " bytes from " + sender);
  }

  onGone(): void {
    this.console.writeLine("The link is gone.");
  }
}

/** Destination, source, type: a frame without payload, to everybody. */
function sendHello(link: Link): void {
  const buffer = new Uint8Array(LINK_HEADROOM_BYTES + ETHERNET_HEADER_BYTES);
  const frame = buffer.dataStart + LINK_HEADROOM_BYTES;
  memory.fill(frame, 0xff, MAC_BYTES);
  memory.copy(frame + MAC_BYTES, link.mac.dataStart, MAC_BYTES);
  store<u16>(frame + 2 * MAC_BYTES, bswap<u16>(ETHERTYPE));
  link.send(buffer, LINK_HEADROOM_BYTES, ETHERNET_HEADER_BYTES);
}

export function main(os: Devices): void {
  os.console.writeLine("Listening; Ctrl-C ends it.");
  os.link.receive(new Listener(os.console));
  sendHello(os.link);
}
