import { Ip, LinkWaiter, Packet, Path, TransportHandler, isIpv4 } from "@phantasm/interfaces";
import { IpVersion } from "./version";

/**
 * Both versions of IP on one link, behind one interface: each call goes to the version of its address. A stack of
 * one version uses `Ipv4` or `Ipv6` as its `Ip`, and links neither this nor the other one.
 */
@final
export class Internet implements Ip {
  constructor(
    private readonly v4: IpVersion,
    private readonly v6: IpVersion,
  ) {}

  register(protocol: u8, handler: TransportHandler): void {
    this.v4.register(protocol, handler);
    this.v6.register(protocol, handler);
  }

  path(sourceHigh: u64, sourceLow: u64, destinationHigh: u64, destinationLow: u64): Path | null {
    return this.of(destinationHigh, destinationLow).path(
      sourceHigh,
      sourceLow,
      destinationHigh,
      destinationLow,
    );
  }

  pathBack(packet: Packet): Path | null {
    return this.of(packet.destinationHigh, packet.destinationLow).pathBack(packet);
  }

  isLocal(high: u64, low: u64): bool {
    return this.of(high, low).isLocal(high, low);
  }

  reject(packet: Packet, error: i32): void {
    this.of(packet.destinationHigh, packet.destinationLow).reject(packet, error);
  }

  confirm(path: Path): void {
    this.of(path.destinationHigh, path.destinationLow).confirm(path);
  }

  /** Both versions share the link. */
  whenReady(waiter: LinkWaiter): void {
    this.v4.whenReady(waiter);
  }

  private of(high: u64, low: u64): IpVersion {
    return isIpv4(high, low) ? this.v4 : this.v6;
  }
}
