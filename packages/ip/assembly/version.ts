/**
 * One version of IP, as the dispatcher `Internet` sees it. `Ipv4` and `Ipv6` implement it; what each method means
 * for a transport stands at `Ip` in @phantasm/interfaces, and here is what else a version has to do.
 *
 * **Input.** A version is an `EthernetHandler`: it registers itself with `Ethernet` for its type, and gets frames
 * one by one in `onEthernet`. It checks all lengths and its header once, fills its one `Packet` (a field, used
 * again for each frame; `pseudoSum` by `pseudoSum` of `checksum.ts`; `isTrusted`, `segmentBytes` and `isGroup`
 * from the frame or by its own rules), and hands it to `transports.find(protocol)`. Nothing is allocated, and no
 * reference is stored, for a packet.
 *
 * **Paths.** A version extends `Path`. `path` may be slow: it looks through routes, and keeps a bounded table of
 * paths by a keyed hash, so that whoever asks for the same way gets the same object. A path remembers its
 * neighbour and the generation of the tables it was made from; `begin` compares that one number, and looks anew
 * when addresses or routes have changed. `begin` answers `ethernet.begin() + headerBytes`; `send` builds the
 * header in front of what the transport wrote, begins the frame with `ethernet.head`, or `headOffloaded` when the
 * link completes checksums or cuts segments, and calls `ethernet.sendTo` with the neighbour's address; when that
 * is not known, `keep` of a `WaitingFrames`, and answers 0. `beginLarge` of more than one packet's bytes gives
 * room in `largePacket`.
 *
 * **`pathBack`** sends to the link address that the packet came from: an answer that needs no state needs no
 * look-up either, and a flood of forged sources asks for no neighbour. It answers null for groups, for
 * unspecified sources, and when the packet's destination is none of our addresses.
 *
 * **`isLocal`** is false for an address that is still being probed (tentative).
 *
 * **`reject`** gets the packet that is being handled, and no other. The header lies in front of its payload
 * then, also after reassembly.
 *
 * **`confirm`** makes the neighbour of that path reachable without a probe.
 *
 * **Errors.** What ICMP reports is turned into `PathError`, and given to the transport of the quoted packet
 * with `onPathError`. For TOO_LARGE the path's `mtu` is lowered before that call, and put back when the
 * transport answers false: only it knows whether what is quoted is under way (RFC 5927 §7).
 *
 * **Addresses.** When one is lost, every transport is told by `transports.addressLost`, after the tables have
 * changed.
 */
import { LinkWaiter, Packet, Path, TransportHandler } from "@phantasm/interfaces";

export interface IpVersion {
  /** Hands packets of a protocol to a transport. */
  register(protocol: u8, handler: TransportHandler): void;

  path(sourceHigh: u64, sourceLow: u64, destinationHigh: u64, destinationLow: u64): Path | null;

  pathBack(packet: Packet): Path | null;

  isLocal(high: u64, low: u64): bool;

  reject(packet: Packet, error: i32): void;

  confirm(path: Path): void;

  whenReady(waiter: LinkWaiter): void;
}
