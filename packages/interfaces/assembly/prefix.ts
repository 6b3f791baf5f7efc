import { IpAddress } from "./address";
import { parseDecimal } from "./address-text";

/** Addresses whose first bits are the same (RFC 4632 §3.1, RFC 4291 §2.3); never changes. */
@final
export class IpPrefix {
  /**
   * @param address the first one, or any other in it
   * @param bits that are the same: 0 to 32, or for IPv6 to 128
   */
  constructor(
    readonly address: IpAddress,
    readonly bits: i32,
  ) {
    assert(bits >= 0 && bits <= (address.isIpv4 ? 32 : 128), "a prefix has 0 to 32 or 128 bits");
  }

  /** Reads 10.0.0.0/8 or 2001:db8::/32; null: it is none. Bits behind the prefix are kept, as in 10.0.0.1/8. */
  static parse(text: string): IpPrefix | null {
    const slash = text.indexOf("/");
    if (slash < 0) return null;
    const address = IpAddress.parse(text.substring(0, slash));
    if (address === null) return null;
    const bits = parseDecimal(text, slash + 1, text.length, address.isIpv4 ? 32 : 128);
    return bits < 0 ? null : new IpPrefix(address, bits);
  }

  /** False for addresses of the other version. */
  contains(address: IpAddress): bool {
    const own = this.address;
    if (own.isIpv4 != address.isIpv4) return false;
    const bits = own.isIpv4 ? this.bits + 96 : this.bits;
    const high = own.high ^ address.high;
    const low = own.low ^ address.low;
    if (bits <= 64) return bits == 0 || high >> (64 - bits) == 0;
    return high == 0 && low >> (128 - bits) == 0;
  }

  toString(): string {
    return `${this.address.toString()}/${this.bits}`;
  }
}
