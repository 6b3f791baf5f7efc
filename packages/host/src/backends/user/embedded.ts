/**
 * IPv4 addresses inside IPv6 ones: whoever translates or carries such packets on sends them there, so what is denied
 * for IPv4 is denied by these ways too.
 */
import { IPV4_BYTES, address, inPrefix, type Prefix } from "./address.js";

interface Form {
  readonly within: Prefix;
  /** The byte that the IPv4 address begins at. */
  readonly at: number;
  /** Every bit is the other way round. */
  readonly inverted?: boolean;
}

const FORMS: readonly Form[] = [
  // NAT64, RFC 6052 §2.1, and RFC 8215 with a prefix of 96 bits.
  { within: { address: address("64:ff9b::"), bits: 96 }, at: 12 },
  { within: { address: address("64:ff9b:1::"), bits: 48 }, at: 12 },
  // 6to4, RFC 3056 §2.
  { within: { address: address("2002::"), bits: 16 }, at: 2 },
  // Teredo, RFC 4380 §4: the server, and the client behind it.
  { within: { address: address("2001::"), bits: 32 }, at: 4 },
  { within: { address: address("2001::"), bits: 32 }, at: 12, inverted: true },
];

/** IPv4 addresses, or prefixes where not all of their bits are given. */
export function embedded({ address: outer, bits }: Prefix): Prefix[] {
  return FORMS.filter(({ within }) => bits >= within.bits && inPrefix(outer, within)).map(
    ({ at, inverted = false }) => ({
      address: outer.slice(at, at + IPV4_BYTES).map((byte) => (inverted ? ~byte : byte)),
      bits: Math.min(Math.max(bits - at * 8, 0), IPV4_BYTES * 8),
    }),
  );
}
