/**
 * Which of several addresses to use (RFC 6724), as a number for each: the greatest wins. The rules about home
 * addresses and temporary ones do not apply, since there are none.
 */
import { isIpv4 } from "@phantasm/interfaces";
import { ADDRESSES_MAX, Address, AddressState, Addresses } from "./addresses";
import { commonBits, isGroup, isLinkLocal } from "./wire";

const SCOPE_LINK: u32 = 2;
const SCOPE_GLOBAL: u32 = 14;

/** RFC 6724 §3.1, §3.2. */
export function scopeOf(high: u64, low: u64): u32 {
  if (isGroup(high)) return (<u32>(high >> 48)) & 15;
  if (isLinkLocal(high)) return SCOPE_LINK;
  if (high >> 54 == 0x3fb) return 5;
  if (high != 0) return SCOPE_GLOBAL;
  if (low == 1) return SCOPE_LINK;
  // 127/8 and 169.254/16.
  const isLocal = isIpv4(high, low) && (<u8>(low >> 24) == 127 || <u16>(low >> 16) == 0xa9fe);
  return isLocal ? SCOPE_LINK : SCOPE_GLOBAL;
}

/** The policy table of RFC 6724 §2.1: the label, and above its 8 bits the precedence. */
export function policyOf(high: u64, low: u64): u32 {
  if (high == 0) {
    if (low == 1) return (50 << 8) | 0;
    if (isIpv4(high, low)) return (35 << 8) | 4;
    return low >> 32 == 0 ? (1 << 8) | 3 : (40 << 8) | 1;
  }
  const top = <u32>(high >> 32);
  if (top >> 25 == 0x7e) return (3 << 8) | 13;
  if (top >> 16 == 0x2002) return (30 << 8) | 2;
  if (top == 0x2001_0000) return (5 << 8) | 5;
  if (top >> 22 == 0x3fb) return (1 << 8) | 11;
  if (top >> 16 == 0x3ffe) return (1 << 8) | 12;
  return (40 << 8) | 1;
}

/**
 * The source address for a destination (RFC 6724 §5); null: there is none yet. One that does not reach as far as the
 * destination is none: whoever waits for an address gets a better one soon.
 */
export function selectSource(
  addresses: Addresses,
  high: u64,
  low: u64,
  nowNs: i64,
): Address | null {
  let found: Address | null = null;
  let foundRank: u32 = 0;
  const scope = scopeOf(high, low);
  const label = <u8>policyOf(high, low);
  for (let i = 0; i < ADDRESSES_MAX; i++) {
    const address = addresses.at(i);
    if (address.state != AddressState.VALID) continue;
    const own = scopeOf(address.high, address.low);
    if (own < scope && !isGroup(high)) continue;
    // Rule 1: the address itself.
    let rank: u32 = address.high == high && address.low == low ? 1 : 0;
    // Rule 2: the smallest scope that reaches as far, else the largest.
    rank = (rank << 5) | (own >= scope ? 31 - own : own);
    // Rule 3: not a deprecated one.
    rank = (rank << 1) | (address.isDeprecated(nowNs) ? 0 : 1);
    // Rule 6: the same label.
    rank = (rank << 1) | (<u8>policyOf(address.high, address.low) == label ? 1 : 0);
    // Rule 8: the longest prefix, within that of the network.
    const common = min(address.prefixLength, commonBits(address.high, address.low, high, low));
    rank = (rank << 8) | common;
    if (found === null || rank > foundRank) {
      found = address;
      foundRank = rank;
    }
  }
  return found;
}

/**
 * How good a destination is (RFC 6724 §6), for putting the addresses of a name into order; those of equal rank
 * keep theirs. Both versions.
 *
 * @param isUsable there is a source for it, and then
 * @param isDeprecated this source is deprecated
 */
export function destinationRank(
  high: u64,
  low: u64,
  isUsable: bool,
  sourceHigh: u64,
  sourceLow: u64,
  isDeprecated: bool,
): u32 {
  // Rule 1.
  if (!isUsable) return 0;
  const scope = scopeOf(high, low);
  const policy = policyOf(high, low);
  // Rules 2, 3, 5, 6, 8, and 9 for IPv6: with IPv4 it would undo the turns that servers of names give.
  let rank: u32 = scopeOf(sourceHigh, sourceLow) == scope ? 3 : 2;
  rank = (rank << 1) | (isDeprecated ? 0 : 1);
  rank = (rank << 1) | (<u8>policyOf(sourceHigh, sourceLow) == <u8>policy ? 1 : 0);
  rank = (rank << 6) | (policy >> 8);
  rank = (rank << 4) | (15 - scope);
  const common = isIpv4(high, low) ? 0 : commonBits(sourceHigh, sourceLow, high, low);
  return (rank << 8) | common;
}
