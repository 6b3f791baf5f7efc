import { Packet } from "@phantasm/interfaces";
import { ControlBlock } from "./control-block";
import { Segment } from "./segment";

/** Who talks with whom. One object for a stack, used again for each packet. */
@final
export class Tuple {
  localHigh: u64 = 0;
  localLow: u64 = 0;
  remoteHigh: u64 = 0;
  remoteLow: u64 = 0;
  localPort: u16 = 0;
  remotePort: u16 = 0;

  /** Of a segment that has arrived. */
  ofPacket(packet: Packet, segment: Segment): void {
    this.localHigh = packet.destinationHigh;
    this.localLow = packet.destinationLow;
    this.remoteHigh = packet.sourceHigh;
    this.remoteLow = packet.sourceLow;
    this.localPort = segment.destinationPort;
    this.remotePort = segment.sourcePort;
  }

  /** Of a connection that begins here. */
  ofConnection(c: ControlBlock): void {
    this.localHigh = c.localHigh;
    this.localLow = c.localLow;
    this.remoteHigh = c.remoteHigh;
    this.remoteLow = c.remoteLow;
    this.localPort = c.localPort;
    this.remotePort = c.remotePort;
  }
}
