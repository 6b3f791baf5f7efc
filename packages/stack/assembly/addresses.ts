import { IpAddress, isIpv4 } from "@phantasm/interfaces";
import { AddressHandler } from "./stack";

/** True for fe80::/10 and 169.254/16: good for the link only (RFC 4291 §2.5.6, RFC 3927). */
function isLinkLocal(high: u64, low: u64): bool {
  return isIpv4(high, low) ? (<u32>low) >> 16 == 0xa9fe : high >> 54 == 0x3fa;
}

/** The addresses that a stack may use, as its versions of IP have told. */
@final
export class Addresses {
  readonly list: IpAddress[] = [];
  private handler: AddressHandler | null = null;

  /** There is one that reaches beyond the link. */
  get isUp(): bool {
    for (const address of this.list) if (!isLinkLocal(address.high, address.low)) return true;
    return false;
  }

  watch(handler: AddressHandler): void {
    this.handler = handler;
    for (const address of this.list) handler.onAddress(address);
  }

  add(high: u64, low: u64): void {
    if (this.find(high, low) >= 0) return;
    const address = new IpAddress(high, low);
    this.list.push(address);
    const handler = this.handler;
    if (handler !== null) handler.onAddress(address);
  }

  remove(high: u64, low: u64): void {
    const at = this.find(high, low);
    if (at < 0) return;
    const address = this.list[at];
    this.list.splice(at, 1);
    const handler = this.handler;
    if (handler !== null) handler.onAddressGone(address);
  }

  private find(high: u64, low: u64): i32 {
    const list = this.list;
    for (let at = 0; at < list.length; at++)
      if (list[at].high == high && list[at].low == low) return at;
    return -1;
  }
}
