/** Messages of ICMPv6 on their way out: one place to write them, and the header in front. */
import { Ethernet } from "@phantasm/ethernet/ethernet";
import { EtherType } from "@phantasm/ethernet/frame";
import { Protocol } from "@phantasm/interfaces";
import { checksum, pseudoSum6, sumOf } from "@phantasm/ip/checksum";
import { ADDRESSES_MAX, Address, AddressState, Addresses } from "./addresses";
import { Ipv6Counters } from "./counters";
import {
  ALL_LISTENERS_LOW,
  ALL_NODES_LOW,
  ALL_ROUTERS_LOW,
  HEADER_BYTES,
  HOP_LIMIT_ND,
  Header,
  Icmp,
  LINK_GROUP_HIGH,
  NdOption,
  VERSION_WORD,
  isLinkLocal,
  solicitedLow,
  store16,
  store32,
  storeAddress,
  swap64,
} from "./wire";

/** Extension header in front of what listeners report (RFC 3810 §5), and one record behind. */
const ALERT_BYTES: i32 = 8;
const RECORD_BYTES: i32 = 20;

/** RFC 3810 §5.2.12. */
export namespace ListenerRecord {
  export const IS_EXCLUDE: u8 = 2;
  export const TO_EXCLUDE: u8 = 4;
}

export namespace AdvertisementFlag {
  export const ROUTER: u32 = 0x8000_0000;
  export const SOLICITED: u32 = 0x4000_0000;
  export const OVERRIDE: u32 = 0x2000_0000;
}

/** Link address of a group (RFC 2464 §7). */
// @ts-ignore: decorator
@inline
export function groupLink(low: u64): u64 {
  return 0x3333_0000_0000 | (low & 0xffff_ffff);
}


@final
export class Messages {
  constructor(
    private readonly ethernet: Ethernet,
    private readonly counters: Ipv6Counters,
  ) {}

  /** Where a message is written. */
  begin(): usize {
    return this.ethernet.begin() + HEADER_BYTES;
  }

  /** Sends the message of `bytes` bytes there. */
  send(
    sourceHigh: u64,
    sourceLow: u64,
    high: u64,
    low: u64,
    hopLimit: u8,
    link: u64,
    bytes: i32,
  ): void {
    this.sendBehind(0, sourceHigh, sourceLow, high, low, hopLimit, link, bytes);
  }

  /** Who has `target`? Tells our link address, unless the source is unspecified (RFC 4861 §7.2.2, §4.3). */
  solicit(sourceHigh: u64, sourceLow: u64, targetHigh: u64, targetLow: u64, link: u64): void {
    const unspecified = sourceHigh == 0 && sourceLow == 0;
    this.head(Icmp.NEIGHBOUR_SOLICITATION, 0, targetHigh, targetLow);
    if (!unspecified) this.linkOption(24, NdOption.SOURCE_LINK);
    const toAll = link == 0;
    const low = toAll ? solicitedLow(targetLow) : targetLow;
    this.send(
      sourceHigh,
      sourceLow,
      toAll ? LINK_GROUP_HIGH : targetHigh,
      low,
      HOP_LIMIT_ND,
      toAll ? groupLink(low) : link,
      unspecified ? 24 : 32,
    );
  }

  /** `target` is here. To whoever asked at `link`; an unspecified asker, or none, is everybody (§7.2.4). */
  advertise(targetHigh: u64, targetLow: u64, high: u64, low: u64, link: u64): void {
    const toAll = high == 0 && low == 0;
    this.head(
      Icmp.NEIGHBOUR_ADVERTISEMENT,
      AdvertisementFlag.OVERRIDE | (toAll ? 0 : AdvertisementFlag.SOLICITED),
      targetHigh,
      targetLow,
    );
    this.linkOption(24, NdOption.TARGET_LINK);
    this.send(
      targetHigh,
      targetLow,
      toAll ? LINK_GROUP_HIGH : high,
      toAll ? ALL_NODES_LOW : low,
      HOP_LIMIT_ND,
      toAll ? groupLink(ALL_NODES_LOW) : link,
      32,
    );
  }

  /** Are there routers (§6.3.7)? */
  askRouters(sourceHigh: u64, sourceLow: u64): void {
    const at = this.begin();
    store<u64>(at, Icmp.ROUTER_SOLICITATION);
    // §4.1: without a source nobody is to be remembered.
    const known = sourceHigh != 0;
    if (known) this.linkOption(8, NdOption.SOURCE_LINK);
    this.send(
      sourceHigh,
      sourceLow,
      LINK_GROUP_HIGH,
      ALL_ROUTERS_LOW,
      HOP_LIMIT_ND,
      groupLink(ALL_ROUTERS_LOW),
      known ? 16 : 8,
    );
  }

  /** Reports the solicited-node groups of all addresses (RFC 3810 §5.2). */
  report(record: u8, addresses: Addresses): void {
    const at = this.begin();
    // Hop-by-hop options: a router alert (RFC 2711).
    store<u64>(at, 0x0001_0000_0205_0000 | Protocol.ICMPV6);
    const message = at + ALERT_BYTES;
    store<u64>(message, Icmp.LISTENER_REPORT);
    let end = message + 8;
    let source: Address | null = null;
    for (let i = 0; i < ADDRESSES_MAX; i++) {
      const address = addresses.at(i);
      const state = address.state;
      if (state != AddressState.TENTATIVE && state != AddressState.VALID) continue;
      if (state == AddressState.VALID && isLinkLocal(address.high)) source = address;
      store<u32>(end, record);
      storeAddress(end + 4, LINK_GROUP_HIGH, solicitedLow(address.low));
      end += RECORD_BYTES;
      store<u8>(message, load<u8>(message, 7) + 1, 7);
    }
    this.sendBehind(
      ALERT_BYTES,
      source === null ? 0 : source.high,
      source === null ? 0 : source.low,
      LINK_GROUP_HIGH,
      ALL_LISTENERS_LOW,
      1,
      groupLink(ALL_LISTENERS_LOW),
      <i32>(end - message),
    );
  }

  private head(type: u8, flags: u32, targetHigh: u64, targetLow: u64): void {
    const at = this.begin();
    store<u32>(at, type);
    store32(at + 4, flags);
    storeAddress(at + 8, targetHigh, targetLow);
  }

  /** Our link address as an option. */
  private linkOption(offset: i32, type: u8): void {
    store<u64>(
      this.begin() + offset,
      swap64(((<u64>type) << 56) | ((<u64>1) << 48) | this.ethernet.mac),
    );
  }

  /** @param behind bytes of the extension header in front of the message */
  private sendBehind(
    behind: i32,
    sourceHigh: u64,
    sourceLow: u64,
    high: u64,
    low: u64,
    hopLimit: u8,
    link: u64,
    bytes: i32,
  ): void {
    const header = this.ethernet.begin();
    store<u32>(header, VERSION_WORD);
    store16(header + 4, behind + bytes);
    store<u8>(header, behind > 0 ? Header.HOP_BY_HOP : Protocol.ICMPV6, 6);
    store<u8>(header, hopLimit, 7);
    storeAddress(header + 8, sourceHigh, sourceLow);
    storeAddress(header + 24, high, low);
    const at = header + HEADER_BYTES + behind;
    store<u16>(at, 0, 2);
    const pseudo = pseudoSum6(sourceHigh, sourceLow, high, low, Protocol.ICMPV6, bytes);
    store<u16>(at, checksum(sumOf(at, bytes) + pseudo), 2);
    this.counters.sent++;
    // Without room it is lost, like any frame in a full queue: all of these are asked for again.
    this.ethernet.send(link, EtherType.IPV6, HEADER_BYTES + behind + bytes);
  }
}
