/** ICMP (RFC 792) and ICMPv6 (RFC 4443): echo of the gateway, and errors about the guest's packets. */
import type { Core } from "./core.js";
import { ETHERNET, IP, Protocol, type Packet } from "./packet.js";
import { Path } from "./path.js";
import { isDns, isGateway } from "./plan.js";

const ICMP_HEADER_BYTES = 8;
const ECHO_REPLY_4 = 0;
const ECHO_REQUEST_4 = 8;
const ECHO_REQUEST_6 = 128;
const ECHO_REPLY_6 = 129;
const UNREACHABLE_4 = 3;
const UNREACHABLE_6 = 1;
/** RFC 1812 §4.3.2.3: as much of the packet as fits into 576 bytes. RFC 4443 §2.4: 1280. */
const ERROR_BYTES_MAX_4 = 576;
const ERROR_BYTES_MAX_6 = 1280;

/** Why a packet went nowhere, with its codes of ICMP and ICMPv6. */
export const Unreachable = {
  /** RFC 1122 §3.2.2.1, RFC 4443 §3.1 */
  NETWORK: [0, 0],
  HOST: [1, 3],
  PORT: [3, 4],
  /** RFC 1812 §5.2.7.1: communication administratively prohibited. */
  PROHIBITED: [13, 1],
} as const;

export type UnreachableCode = (typeof Unreachable)[keyof typeof Unreachable];

export class Icmp {
  readonly #core: Core;

  constructor(core: Core) {
    this.#core = core;
  }

  /** Echo to the gateway and the resolver. Nobody else answers: a ping that came back would lie. */
  receive(packet: Packet): void {
    const { view, start } = packet;
    const ipv4 = packet.addressBytes === 4;
    if (view.getUint8(start) !== (ipv4 ? ECHO_REQUEST_4 : ECHO_REQUEST_6)) return;
    const destination = packet.address(packet.destination);
    if (!isGateway(destination) && !isDns(destination)) {
      this.#core.counters.unroutable++;
      return;
    }
    const { emitter } = this.#core;
    const protocol = ipv4 ? Protocol.ICMP : Protocol.ICMPV6;
    const path = new Path(destination, packet.address(packet.source), macOf(packet), protocol);
    const bytes = packet.end - start;
    if (path.headerBytes + bytes > this.#core.mtu) return;
    emitter.begin(path);
    emitter.bytes.set(packet.bytes.subarray(start, packet.end), path.start);
    emitter.view.setUint8(path.start, ipv4 ? ECHO_REPLY_4 : ECHO_REPLY_6);
    emitter.send(path, bytes);
  }

  /** Tells the guest that the packet it has just sent went nowhere. */
  unreachable(packet: Packet, code: UnreachableCode): void {
    this.unreachableCopy(this.remember(packet), code);
  }

  /** What an error about this packet needs, for one that comes later. */
  remember(packet: Packet): RememberedPacket {
    const ipv4 = packet.addressBytes === 4;
    const bytesMax = ipv4
      ? ERROR_BYTES_MAX_4 - 20 - ICMP_HEADER_BYTES
      : ERROR_BYTES_MAX_6 - 40 - ICMP_HEADER_BYTES;
    return {
      ipv4,
      mac: macOf(packet),
      source: packet.address(packet.source),
      destination: packet.address(packet.destination),
      bytes: packet.bytes.slice(IP, Math.min(packet.end, IP + bytesMax)),
    };
  }

  unreachableCopy(about: RememberedPacket, code: UnreachableCode): void {
    const { emitter } = this.#core;
    const protocol = about.ipv4 ? Protocol.ICMP : Protocol.ICMPV6;
    // From the address that was not reached: guests match errors by what is quoted, not by this.
    const path = new Path(about.destination, about.source, about.mac, protocol);
    emitter.begin(path);
    const { start } = path;
    emitter.view.setUint8(start, about.ipv4 ? UNREACHABLE_4 : UNREACHABLE_6);
    emitter.view.setUint8(start + 1, code[about.ipv4 ? 0 : 1]);
    emitter.view.setUint32(start + 4, 0);
    emitter.bytes.set(about.bytes, start + ICMP_HEADER_BYTES);
    emitter.send(path, ICMP_HEADER_BYTES + about.bytes.length);
  }
}

export interface RememberedPacket {
  readonly ipv4: boolean;
  readonly mac: Uint8Array;
  readonly source: Uint8Array;
  readonly destination: Uint8Array;
  /** From the IP header on. */
  readonly bytes: Uint8Array;
}

/** Who sent the frame. Copied. */
export function macOf(packet: Packet): Uint8Array {
  return packet.bytes.slice(ETHERNET + 6, ETHERNET + 12);
}
