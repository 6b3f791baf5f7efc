/**
 * Addresses of the Internet protocols, both versions in one type.
 *
 * An address is 128 bits, as two numbers in the order of the network: `high` has the first eight bytes, the
 * first of them on top. One of IPv4 is the IPv4-mapped address of RFC 4291 §2.5.5.2, ::ffff:a.b.c.d, so that
 * tables, routes and comparisons need one form only. On the wire no IPv4-mapped address ever appears.
 */

import { addressText, parseAddress, parseEndpoint } from "./address-text";

/** `high` of every IPv4 address. */
export const IPV4_HIGH: u64 = 0;

/** Upper half of `low` of every IPv4 address. */
export const IPV4_PREFIX: u64 = 0xffff_0000_0000;

/** `low` of an IPv4 address whose first octet is in the highest byte of `value`. */
// @ts-ignore: decorator
@inline
export function ipv4Low(value: u32): u64 {
  return IPV4_PREFIX | (<u64>value);
}

/** True for the two halves of an IPv4 address. */
// @ts-ignore: decorator
@inline
export function isIpv4(high: u64, low: u64): bool {
  return high == IPV4_HIGH && low >> 32 == 0xffff;
}

/** An address; never changes. */
@final
export class IpAddress {
  constructor(
    readonly high: u64,
    readonly low: u64,
  ) {}

  static ipv4(a: u8, b: u8, c: u8, d: u8): IpAddress {
    return IpAddress.ofIpv4(((<u32>a) << 24) | ((<u32>b) << 16) | ((<u32>c) << 8) | (<u32>d));
  }

  /** @param value the first octet in the highest byte */
  static ofIpv4(value: u32): IpAddress {
    return new IpAddress(IPV4_HIGH, ipv4Low(value));
  }

  /**
   * Reads 192.0.2.1 or 2001:db8::1 (RFC 4291 §2.2); null: it is no address.
   *
   * @example const address = IpAddress.parse("10.0.0.1")!;
   */
  static parse(text: string): IpAddress | null {
    return parseAddress(text);
  }

  get isIpv4(): bool {
    return isIpv4(this.high, this.low);
  }

  /** The IPv4 address, first octet in the highest byte; only when `isIpv4`. */
  get ipv4(): u32 {
    return <u32>this.low;
  }

  /** 0.0.0.0 or `::`. */
  get isUnspecified(): bool {
    return this.high == 0 && (this.low == 0 || this.low == IPV4_PREFIX);
  }

  equals(other: IpAddress): bool {
    return this.high == other.high && this.low == other.low;
  }

  /** As RFC 5952 writes it. */
  toString(): string {
    return addressText(this.high, this.low);
  }
}

/** An address and a port; never changes. */
@final
export class Endpoint {
  constructor(
    readonly address: IpAddress,
    readonly port: u16,
  ) {}

  /** Reads 192.0.2.1:53 or [2001:db8::1]:53; null: it is none. */
  static parse(text: string): Endpoint | null {
    return parseEndpoint(text);
  }

  equals(other: Endpoint): bool {
    return this.port == other.port && this.address.equals(other.address);
  }

  toString(): string {
    const address = this.address;
    const text = address.toString();
    return address.isIpv4 ? `${text}:${this.port}` : `[${text}]:${this.port}`;
  }
}
