/** A packet of IPv4 on its way through the router: parsed once, then changed where it lies. */
import { Protocol } from "@phantasm/interfaces";
import { IPV4_HEADER_BYTES, MORE_FRAGMENTS, OFFSET_MASK } from "@phantasm/ipv4/wire";

export const TCP_HEADER_BYTES: i32 = 20;
export const UDP_HEADER_BYTES: i32 = 8;
export const ICMP_HEADER_BYTES: i32 = 8;

/** RFC 792: of what a packet carries, an error quotes at least so much. */
const QUOTED_BYTES_MIN: i32 = 8;

/** Offsets of checksums in the transports' headers. */
export const TCP_CHECKSUM_AT: i32 = 16;
export const UDP_CHECKSUM_AT: i32 = 6;

/** Types of ICMP that a router meets (RFC 792). */
export namespace Icmp {
  export const ECHO_REPLY: u8 = 0;
  export const UNREACHABLE: u8 = 3;
  export const ECHO_REQUEST: u8 = 8;
  export const TIME_EXCEEDED: u8 = 11;
  export const PARAMETER_PROBLEM: u8 = 12;
}

/** Bits of the TCP header's flags. */
export namespace Tcp {
  export const FIN: u8 = 1;
  export const SYN: u8 = 2;
  export const RST: u8 = 4;
  export const PSH: u8 = 8;
  export const ACK: u8 = 16;
}

/** What a packet is to the router. */
export enum Kind {
  TCP,
  UDP,
  ECHO_REQUEST,
  ECHO_REPLY,
  /** An ICMP message about another packet. */
  ERROR,
  /** A fragment without a transport's header. */
  FRAGMENT,
  /** Nothing that could be told apart by ports. */
  OTHER,
}

/** One object, used again for each packet. Addresses have the first octet on top. */
@final
export class Transit {
  /** Where the IP header lies. */
  at: usize = 0;
  headerBytes: i32 = 0;
  /** Of the whole packet, or of this fragment. */
  totalBytes: i32 = 0;
  source: u32 = 0;
  destination: u32 = 0;
  protocol: u8 = 0;
  /** Flags and offset. */
  cut: u16 = 0;
  kind: Kind = Kind.OTHER;
  /** Ports; of echo messages the identifier on the side of the one who asks, 0 on the other. */
  sourcePort: u16 = 0;
  destinationPort: u16 = 0;
  tcpFlags: u8 = 0;
  /** The transport's checksum holds only the sum of the pseudo-header (virtio 1.2 §5.1.6.2). */
  isPartial: bool = false;
  /** Payload of one TCP segment when the packet is several; else 0. */
  segmentBytes: i32 = 0;

  /** Where the transport's header lies. */
  // @ts-ignore: decorator
  @inline
  get transport(): usize {
    return this.at + this.headerBytes;
  }

  // @ts-ignore: decorator
  @inline
  get transportBytes(): i32 {
    return this.totalBytes - this.headerBytes;
  }

  // @ts-ignore: decorator
  @inline
  get hopLimit(): u8 {
    return load<u8>(this.at, 8);
  }

  // @ts-ignore: decorator
  @inline
  get isFragment(): bool {
    return (this.cut & (MORE_FRAGMENTS | OFFSET_MASK)) != 0;
  }

  /** Bytes of the largest packet that it becomes on a link: what is compared to an MTU. */
  get largestBytes(): i32 {
    const segmentBytes = this.segmentBytes;
    if (segmentBytes == 0) return this.totalBytes;
    return min(this.totalBytes, this.headerBytes + tcpHeaderBytes(this.transport) + segmentBytes);
  }

  /**
   * Reads the packet at `at`, whose IP header is known to be right. False: its transport's header is cut off, or
   * makes no sense.
   */
  parse(at: usize): bool {
    const headerBytes = (<i32>(load<u8>(at) & 15)) << 2;
    const totalBytes = <i32>bswap(load<u16>(at, 2));
    this.at = at;
    this.headerBytes = headerBytes;
    this.totalBytes = totalBytes;
    this.source = bswap(load<u32>(at, 12));
    this.destination = bswap(load<u32>(at, 16));
    this.cut = bswap(load<u16>(at, 6));
    this.isPartial = false;
    this.segmentBytes = 0;
    this.tcpFlags = 0;
    this.sourcePort = 0;
    this.destinationPort = 0;
    const protocol = load<u8>(at, 9);
    this.protocol = protocol;
    const offset = this.cut & OFFSET_MASK;
    if (offset != 0) {
      this.kind = Kind.FRAGMENT;
      // RFC 3128: a second fragment at 8 bytes would overwrite the flags of TCP that were looked at.
      return !(protocol == Protocol.TCP && offset == 1);
    }
    return this.parseTransport(at + headerBytes, totalBytes - headerBytes);
  }

  /**
   * Reads the packet that an ICMP error quotes, of which `bytes` bytes are there. False: it is none that went through
   * a router like this.
   */
  parseQuote(at: usize, bytes: i32): bool {
    if (bytes < IPV4_HEADER_BYTES + QUOTED_BYTES_MIN || load<u8>(at) >> 4 != 4) return false;
    const headerBytes = (<i32>(load<u8>(at) & 15)) << 2;
    if (headerBytes < IPV4_HEADER_BYTES || bytes < headerBytes + QUOTED_BYTES_MIN) return false;
    this.at = at;
    this.headerBytes = headerBytes;
    this.totalBytes = bytes;
    this.source = bswap(load<u32>(at, 12));
    this.destination = bswap(load<u32>(at, 16));
    this.cut = bswap(load<u16>(at, 6));
    if (this.cut & OFFSET_MASK) return false;
    this.isPartial = false;
    this.segmentBytes = 0;
    this.tcpFlags = 0;
    this.sourcePort = 0;
    this.destinationPort = 0;
    const transport = at + headerBytes;
    const protocol = load<u8>(at, 9);
    this.protocol = protocol;
    if (protocol == Protocol.ICMP) {
      this.parseIcmp(transport);
      return this.kind == Kind.ECHO_REQUEST || this.kind == Kind.ECHO_REPLY;
    }
    if (protocol != Protocol.TCP && protocol != Protocol.UDP) return false;
    this.kind = protocol == Protocol.TCP ? Kind.TCP : Kind.UDP;
    this.sourcePort = bswap(load<u16>(transport));
    this.destinationPort = bswap(load<u16>(transport, 2));
    return true;
  }

  private parseTransport(at: usize, bytes: i32): bool {
    const protocol = this.protocol;
    if (protocol == Protocol.TCP) {
      // RFC 1858 §4: also of a fragment, all of the fixed header has to be there.
      if (bytes < TCP_HEADER_BYTES) return false;
      const header = tcpHeaderBytes(at);
      if (header < TCP_HEADER_BYTES || (header > bytes && !this.isFragment)) return false;
      this.kind = Kind.TCP;
      this.tcpFlags = load<u8>(at, 13);
    } else if (protocol == Protocol.UDP) {
      if (bytes < UDP_HEADER_BYTES) return false;
      this.kind = Kind.UDP;
    } else if (protocol == Protocol.ICMP) {
      if (bytes < ICMP_HEADER_BYTES) return false;
      this.parseIcmp(at);
      return true;
    } else {
      this.kind = Kind.OTHER;
      return true;
    }
    this.sourcePort = bswap(load<u16>(at));
    this.destinationPort = bswap(load<u16>(at, 2));
    return true;
  }

  private parseIcmp(at: usize): void {
    switch (load<u8>(at)) {
      case Icmp.ECHO_REQUEST:
        this.kind = Kind.ECHO_REQUEST;
        this.sourcePort = bswap(load<u16>(at, 4));
        return;
      case Icmp.ECHO_REPLY:
        this.kind = Kind.ECHO_REPLY;
        this.destinationPort = bswap(load<u16>(at, 4));
        return;
      case Icmp.UNREACHABLE:
      case Icmp.TIME_EXCEEDED:
      case Icmp.PARAMETER_PROBLEM:
        this.kind = Kind.ERROR;
        return;
      default:
        this.kind = Kind.OTHER;
    }
  }
}

// @ts-ignore: decorator
@inline
export function tcpHeaderBytes(at: usize): i32 {
  return (<i32>(load<u8>(at, 12) >> 4)) << 2;
}
