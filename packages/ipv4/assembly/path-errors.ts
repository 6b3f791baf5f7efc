/**
 * What became of packets that we sent: tells the transport whose packet an ICMP error quotes, or who waited for a
 * neighbour in vain, and learns the MTU of paths (RFC 1191).
 */
import { Packet, PathError, Protocol, ipv4Low } from "@phantasm/interfaces";
import { Transports } from "@phantasm/ip/transports";
import { now } from "@phantasm/runtime";
import { PATH_MTU_MIN, plateauBelow } from "./destinations";
import { Ipv4 } from "./ipv4";
import { Paths } from "./paths";
import { IPV4_HEADER_BYTES, OFFSET_MASK, headerBytesAt } from "./wire";


@final
export class PathErrors {
  /** The packet of ours that is spoken of. */
  private readonly quoted: Packet = new Packet();

  constructor(
    private readonly network: Ipv4,
    private readonly transports: Transports,
    private readonly paths: Paths,
  ) {}

  /** As `IcmpNetwork.onIcmpError`. */
  onIcmpError(quoted: usize, bytes: i32, error: i32, mtu: i32): bool {
    const headerBytes = headerBytesAt(quoted);
    if (load<u8>(quoted) >> 4 != 4 || headerBytes < IPV4_HEADER_BYTES) return false;
    if (bytes < headerBytes + 8) return false;
    // Only the first fragment has the transport's header.
    if (bswap(load<u16>(quoted, 6)) & OFFSET_MASK) return false;
    if (!this.network.owns(bswap(load<u32>(quoted, 12)))) return false;
    if (error != PathError.TOO_LARGE) return this.tell(quoted, bytes, error, 0);
    return this.narrow(quoted, bytes, mtu);
  }

  /** As `ArpOwner.onNeighbourGone`. */
  onNeighbourGone(address: u32): void {
    const waiting = this.network.arp.waiting;
    for (let frames = waiting.count; frames > 0; frames--) {
      const at = waiting.takeOldest(0, address);
      if (at == 0) return;
      // Only the first fragment has the transport's header.
      if ((bswap(load<u16>(at, 6)) & OFFSET_MASK) == 0)
        this.tell(at, bswap(load<u16>(at, 2)), PathError.NEIGHBOUR_SILENT, 0);
    }
  }

  /** Tells the transport of a packet of ours, of which `bytes` bytes are there, what became of it. */
  private tell(quoted: usize, bytes: i32, error: i32, mtu: i32): bool {
    const protocol = load<u8>(quoted, 9);
    const headerBytes = headerBytesAt(quoted);
    const packet = this.quoted;
    packet.payload = quoted + headerBytes;
    packet.bytes = bytes - headerBytes;
    packet.sourceLow = ipv4Low(bswap(load<u32>(quoted, 12)));
    packet.destinationLow = ipv4Low(bswap(load<u32>(quoted, 16)));
    if (protocol == Protocol.ICMP) {
      const listener = this.network.icmp.listener;
      return listener !== null && listener.onEchoError(packet, error);
    }
    const transport = this.transports.find(protocol);
    return transport !== null && transport.onPathError(packet, error, mtu);
  }

  /** RFC 1191 §4: a router does not pass packets of this size on. */
  private narrow(quoted: usize, bytes: i32, told: i32): bool {
    const network = this.network;
    const destinations = network.destinations;
    const destination = bswap(load<u32>(quoted, 16));
    const sentBytes = <i32>bswap(load<u16>(quoted, 2));
    const nowNs = now();
    const known = destinations.find(destination, nowNs);
    const before = known === null ? network.mtu : known.mtu;
    const beforeUntilNs = known === null ? 0 : known.untilNs;
    const beforeMayBeCut = known !== null && known.mayBeCut;
    const mtu = told == 0 ? plateauBelow(min(sentBytes, before)) : told;
    // §4, §6.3: it never becomes larger by such a message.
    if (mtu >= before || sentBytes <= mtu) return false;
    destinations.learn(destination, mtu, nowNs);
    this.renew(quoted);
    if (this.tell(quoted, bytes, PathError.TOO_LARGE, max(mtu, PATH_MTU_MIN))) {
      network.counters.mtuLearned++;
      return true;
    }
    // RFC 5927 §7: nobody has sent that.
    destinations.restore(destination, before, beforeUntilNs, beforeMayBeCut);
    this.renew(quoted);
    return false;
  }

  /** Has all paths looked up again: that of this packet now, others before they send. */
  private renew(quoted: usize): void {
    this.network.generation++;
    const known = this.paths.find(bswap(load<u32>(quoted, 12)), bswap(load<u32>(quoted, 16)));
    if (known !== null) known.refresh();
  }
}
