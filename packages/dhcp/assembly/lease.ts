/** What a server grants, made from a reply only after everything in it has been found to make sense. */
import { SECOND } from "@phantasm/interfaces";
import { Option, Reply, u32At } from "./wire";

/** Name servers of a lease; more are left out. */
export const NAME_SERVERS_MAX: i32 = 3;
/** Routes of a lease, the default route not counted; more are left out. */
export const ROUTES_MAX: i32 = 16;
/** A shorter lease is refused: the client would do nothing but renew it. */
export const LEASE_SECONDS_MIN: u32 = 10;
/** RFC 2131 §3.3. */
const LEASE_SECONDS_INFINITE: u32 = 0xffff_ffff;
/** A smaller MTU is ignored: every host must take IPv4 packets of this size (RFC 791 §3.1). */
export const MTU_BYTES_MIN: i32 = 576;

/** RFC 1035 §2.3.4, in text. */
const DOMAIN_BYTES_MAX: i32 = 253;
const LABEL_BYTES_MAX: usize = 63;

const HYPHEN: u8 = 0x2d;
const DOT: u8 = 0x2e;

/** `expiresNs`, `renewNs` and `rebindNs` of a lease that does not end. */
export const NEVER: i64 = i64.MAX_VALUE;

/** A route to a network; all values with the first octet in the highest byte. */
@final
export class LeaseRoute {
  constructor(
    /** Without bits beyond the prefix. */
    readonly destination: u32,
    /** 1 to 32. */
    readonly prefixLength: i32,
    /** 0: the network is on the link. */
    readonly gateway: u32,
  ) {}
}

/** A lease; never changes. IPv4 addresses are u32, the first octet in the highest byte. */
@final
export class Lease {
  address: u32 = 0;
  /** 1 to 32. */
  prefixLength: i32 = 0;
  /**
   * Of the default route; 0: there is none. It need not lie in the prefix: then it is a neighbour on the link all
   * the same.
   */
  gateway: u32 = 0;
  routes: LeaseRoute[] = [];
  /** At most NAME_SERVERS_MAX, in the order of preference. */
  nameServers: u32[] = [];
  /** Domain of the network, a host name by RFC 1123 §2.1 without a dot at its end; "": none, or no host name. */
  domain: string = "";
  /** Largest IP packet of the link, at least MTU_BYTES_MIN; 0: the server does not say. */
  mtu: i32 = 0;
  /** Who granted it. */
  server: u32 = 0;
  /** Absolute times in ns; NEVER. */
  renewNs: i64 = 0;
  rebindNs: i64 = 0;
  expiresNs: i64 = 0;
}

/** A host can have it: not in 0/8 or 127/8, and below the groups and what is reserved (RFC 6890). */
export function isHost(address: u32): bool {
  const network = address >> 24;
  return network != 0 && network != 127 && network < 224;
}

/** Length of the prefix, 1 to 32; 0 if the ones do not stand together in front. */
function prefixOf(mask: u32): i32 {
  const ones = ~mask;
  return (ones & (ones + 1)) == 0 ? clz(ones) : 0;
}

/** The prefix when the server does not say: the address's class (RFC 1122 §3.3.1.1), as other clients do. */
function prefixOfClass(address: u32): i32 {
  return address >> 31 == 0 ? 8 : address >> 30 == 2 ? 16 : 24;
}

/** The prefix that the reply gives to its address; 0 if that makes no sense. */
function prefixIn(reply: Reply): i32 {
  const bytes = reply.option(Option.SUBNET_MASK);
  if (bytes < 0) return prefixOfClass(reply.address);
  return bytes == 4 ? prefixOf(u32At(reply.value)) : 0;
}

/** An offer or ACK that can become a lease. Nothing is allocated for one that cannot. */
export function isAcceptable(reply: Reply): bool {
  const address = reply.address;
  if (!isHost(address) || !isHost(reply.server)) return false;
  // RFC 2131 §4.3.1, table 3: both must have it.
  if (reply.u32(Option.LEASE_TIME, 0) < LEASE_SECONDS_MIN) return false;
  const prefixLength = prefixIn(reply);
  if (prefixLength == 0) return false;
  if (prefixLength >= 31) return true; // RFC 3021
  const host = address & (u32.MAX_VALUE >> prefixLength);
  return host != 0 && host != u32.MAX_VALUE >> prefixLength;
}

/**
 * The lease in a reply that is acceptable.
 *
 * @param sinceNs when the request for it was sent (RFC 2131 §4.4.5)
 * @param early up to 1: how much of a 32nd part of its default T1 is taken off, to spread clients
 */
export function leaseOf(reply: Reply, sinceNs: i64, early: f64): Lease {
  const lease = new Lease();
  lease.address = reply.address;
  lease.server = reply.server;
  lease.prefixLength = prefixIn(reply);
  readTimes(lease, reply, sinceNs, early);
  const mtu = reply.option(Option.INTERFACE_MTU) == 2 ? <i32>bswap(load<u16>(reply.value)) : 0;
  if (mtu >= MTU_BYTES_MIN) lease.mtu = mtu;
  readNameServers(lease, reply);
  // RFC 3442: the routers are ignored if there are classless routes.
  if (!readRoutes(lease, reply)) readRouter(lease, reply);
  readDomain(lease, reply);
  return lease;
}

function readTimes(lease: Lease, reply: Reply, sinceNs: i64, early: f64): void {
  const seconds = reply.u32(Option.LEASE_TIME, 0);
  if (seconds == LEASE_SECONDS_INFINITE) {
    lease.renewNs = NEVER;
    lease.rebindNs = NEVER;
    lease.expiresNs = NEVER;
    return;
  }
  const leaseNs = <i64>seconds * SECOND;
  let renewNs = <i64>reply.u32(Option.RENEWAL_TIME, 0) * SECOND;
  let rebindNs = <i64>reply.u32(Option.REBINDING_TIME, 0) * SECOND;
  // RFC 2131 §4.4.5: T1 < T2 < lease; the defaults are a half and seven eighths.
  if (rebindNs == 0 || rebindNs >= leaseNs) rebindNs = (leaseNs >> 3) * 7;
  if (renewNs == 0 || renewNs >= rebindNs) {
    const halfNs = leaseNs >> 1;
    renewNs = halfNs < rebindNs ? halfNs : rebindNs >> 1;
    renewNs -= <i64>(early * <f64>(renewNs >> 5));
  }
  lease.renewNs = sinceNs + renewNs;
  lease.rebindNs = sinceNs + rebindNs;
  lease.expiresNs = sinceNs + leaseNs;
}

function readNameServers(lease: Lease, reply: Reply): void {
  const bytes = reply.option(Option.NAME_SERVERS);
  for (let at = 0; at + 4 <= bytes; at += 4) {
    const server = u32At(reply.value + at);
    if (!isHost(server) || lease.nameServers.includes(server)) continue;
    if (lease.nameServers.length == NAME_SERVERS_MAX) return;
    lease.nameServers.push(server);
  }
}

function readRouter(lease: Lease, reply: Reply): void {
  const bytes = reply.option(Option.ROUTERS);
  for (let at = 0; at + 4 <= bytes && lease.gateway == 0; at += 4) {
    const router = u32At(reply.value + at);
    if (isHost(router) && router != lease.address) lease.gateway = router;
  }
}

/** Bytes of the route at `at` of the option; 0: it is malformed. */
function routeBytes(at: usize, left: i32): i32 {
  const prefixLength = <i32>load<u8>(at);
  const bytes = 5 + ((prefixLength + 7) >> 3);
  return prefixLength > 32 || bytes > left ? 0 : bytes;
}

/** RFC 3442. False: the option is missing or malformed, and counts for nothing. */
function readRoutes(lease: Lease, reply: Reply): bool {
  const bytes = reply.option(Option.CLASSLESS_ROUTES);
  if (bytes < 5) return false;
  const value = reply.value;
  for (let at = 0; at < bytes;) {
    const size = routeBytes(value + at, bytes - at);
    if (size == 0) return false;
    at += size;
  }
  for (let at = 0; at < bytes; at += routeBytes(value + at, bytes - at)) {
    const prefixLength = <i32>load<u8>(value + at);
    const octets = (prefixLength + 7) >> 3;
    const gateway = u32At(value + at + 1 + octets);
    if (gateway == lease.address || (gateway != 0 && !isHost(gateway))) continue;
    if (prefixLength == 0) {
      if (lease.gateway == 0) lease.gateway = gateway;
      continue;
    }
    if (lease.routes.length == ROUTES_MAX) continue;
    let destination: u32 = 0;
    for (let octet = 0; octet < octets; octet++)
      destination |= (<u32>load<u8>(value + at + 1 + octet)) << (24 - 8 * octet);
    // Bits beyond the prefix count as zero.
    destination &= ~(<u32>((<u64>u32.MAX_VALUE) >> prefixLength));
    const network = destination >> 24;
    if (network == 127 || network >= 224) continue;
    lease.routes.push(new LeaseRoute(destination, prefixLength, gateway));
  }
  return true;
}

function readDomain(lease: Lease, reply: Reply): void {
  let bytes = reply.option(Option.DOMAIN_NAME);
  // RFC 2132 §2: some servers count a terminating zero; and the dot of the root says nothing more.
  if (bytes > 0 && load<u8>(reply.value + bytes - 1) == 0) bytes--;
  if (bytes > 0 && load<u8>(reply.value + bytes - 1) == DOT) bytes--;
  if (!isHostName(reply.value, bytes)) return;
  lease.domain = String.UTF8.decodeUnsafe(reply.value, bytes);
}

/** RFC 1123 §2.1: labels of 1 to 63 letters, digits and inner hyphens; so what is decoded is ASCII. */
function isHostName(start: usize, bytes: i32): bool {
  if (bytes < 1 || bytes > DOMAIN_BYTES_MAX) return false;
  const end = start + bytes;
  let label = start;
  for (let at = start; at <= end; at++) {
    const c = at < end ? load<u8>(at) : DOT;
    if (c == DOT) {
      const labelBytes = at - label;
      if (labelBytes < 1 || labelBytes > LABEL_BYTES_MAX) return false;
      if (load<u8>(label) == HYPHEN || load<u8>(at - 1) == HYPHEN) return false;
      label = at + 1;
      continue;
    }
    const letter: u8 = (c | 0x20) - 0x61;
    const digit: u8 = c - 0x30;
    if (letter >= 26 && digit >= 10 && c != HYPHEN) return false;
  }
  return true;
}
