/** A DHCP server (RFC 2131, options of RFC 2132) with a handful of addresses that are free for all. */
import { sameBytes } from "./address.js";
import type { Core } from "./core.js";
import { Protocol, type Packet } from "./packet.js";
import { Path } from "./path.js";
import { DNS_4, GATEWAY_4, GUEST_4, LEASES_MAX, LIMITED_BROADCAST_4, MASK_4 } from "./plan.js";

export const DHCP_SERVER_PORT = 67;
const CLIENT_PORT = 68;
const BOOTREQUEST = 1;
const BOOTREPLY = 2;
const MAGIC_COOKIE = 0x63825363;
/** RFC 2131 §2: fixed fields before the cookie. */
const FIXED_BYTES = 236;
/** RFC 1542 §2.1: relays and old clients expect no less. */
const MESSAGE_BYTES_MIN = 300;
const BROADCAST_FLAG = 0x8000;
const BROADCAST_MAC = Uint8Array.of(255, 255, 255, 255, 255, 255);
const LEASE_S = 86_400;

const Option = {
  PAD: 0,
  MASK: 1,
  ROUTER: 3,
  DNS: 6,
  MTU: 26,
  REQUESTED: 50,
  LEASE: 51,
  TYPE: 53,
  SERVER: 54,
  RENEWAL: 58,
  REBINDING: 59,
  END: 255,
} as const;

const Message = {
  DISCOVER: 1,
  OFFER: 2,
  REQUEST: 3,
  DECLINE: 4,
  ACK: 5,
  NAK: 6,
  RELEASE: 7,
  INFORM: 8,
} as const;

/** One address of the pool. */
interface Lease {
  /** Null: never given away, or given back. */
  mac: Uint8Array | null;
  /** A client found somebody else there. */
  declined: boolean;
  /** Order of its last use. */
  used: number;
}

interface Query {
  readonly type: number;
  readonly requested: number;
  readonly server: number;
}

const BASE = toNumber(GUEST_4, 0);

export class DhcpServer {
  readonly #core: Core;
  readonly #leases: Lease[] = Array.from({ length: LEASES_MAX }, () => ({
    mac: null,
    declined: false,
    used: 0,
  }));
  #order = 0;

  constructor(core: Core) {
    this.#core = core;
  }

  /** A datagram to port 67. */
  receive(packet: Packet): void {
    const at = packet.start + 8;
    const { view, bytes, end } = packet;
    if (
      end - at < FIXED_BYTES + 4 ||
      view.getUint8(at) !== BOOTREQUEST ||
      view.getUint8(at + 1) !== 1 ||
      view.getUint8(at + 2) !== 6 ||
      view.getUint32(at + FIXED_BYTES) !== MAGIC_COOKIE
    ) {
      this.#core.counters.malformed++;
      return;
    }
    const query = readOptions(view, at + FIXED_BYTES + 4, end);
    const mac = bytes.slice(at + 28, at + 34);
    const client = view.getUint32(at + 12);
    // RFC 2131 §4.3.2: a message for another server is none of ours.
    if (query.server !== 0 && query.server !== toNumber(GATEWAY_4, 0)) return;
    switch (query.type) {
      case Message.DISCOVER:
        return this.#answer(packet, Message.OFFER, this.#offer(mac, query.requested));
      case Message.REQUEST: {
        const wanted = query.requested === 0 ? client : query.requested;
        const lease = this.#owned(mac, wanted);
        return lease === null
          ? this.#answer(packet, Message.NAK, 0)
          : this.#answer(packet, Message.ACK, lease);
      }
      case Message.INFORM:
        return this.#answer(packet, Message.ACK, 0);
      case Message.DECLINE: {
        const lease = this.#leases[query.requested - BASE];
        if (lease === undefined || !isOf(lease, mac)) return;
        lease.mac = null;
        lease.declined = true;
        return;
      }
      case Message.RELEASE: {
        const lease = this.#leases[client - BASE];
        if (lease !== undefined && isOf(lease, mac)) lease.mac = null;
        return;
      }
    }
  }

  /** RFC 2131 §4.3.1: its own address again, else one never used, else the one unused longest. */
  #offer(mac: Uint8Array, requested: number): number {
    const leases = this.#leases;
    let at = leases.findIndex((lease) => isOf(lease, mac));
    if (at < 0) {
      const wanted = leases[requested - BASE];
      if (wanted?.mac === null && !wanted.declined) at = requested - BASE;
    }
    if (at < 0) at = leases.findIndex((lease) => lease.mac === null && !lease.declined);
    if (at < 0) {
      at = 0;
      leases.forEach((lease, other) => {
        if (lease.used < (leases[at]?.used ?? 0)) at = other;
      });
    }
    this.#take(at, mac);
    return BASE + at;
  }

  /** The address when the client may have it. */
  #owned(mac: Uint8Array, wanted: number): number | null {
    const lease = this.#leases[wanted - BASE];
    if (lease === undefined || lease.declined) return null;
    if (lease.mac !== null && !isOf(lease, mac)) return null;
    this.#take(wanted - BASE, mac);
    return wanted;
  }

  #take(at: number, mac: Uint8Array): void {
    const lease = this.#leases[at];
    if (lease === undefined) return;
    lease.mac = mac;
    lease.declined = false;
    lease.used = ++this.#order;
  }

  #answer(packet: Packet, type: number, yours: number): void {
    const request = packet.start + 8;
    const client = packet.view.getUint32(request + 12);
    const flags = packet.view.getUint16(request + 10);
    const mac = packet.bytes.slice(request + 28, request + 34);
    // RFC 2131 §4.1: to the address it has; without one to the address it gets, unless it asks for
    // a broadcast; a refusal always as a broadcast.
    let destination = LIMITED_BROADCAST_4;
    if (type !== Message.NAK) {
      if (client !== 0) destination = toBytes(client);
      else if ((flags & BROADCAST_FLAG) === 0 && yours !== 0) destination = toBytes(yours);
    }
    const broadcast = destination === LIMITED_BROADCAST_4;
    const path = new Path(GATEWAY_4, destination, broadcast ? BROADCAST_MAC : mac, Protocol.UDP);
    const message = new Uint8Array(MESSAGE_BYTES_MIN);
    const view = new DataView(message.buffer);
    message[0] = BOOTREPLY;
    message[1] = 1;
    message[2] = 6;
    message.set(packet.bytes.subarray(request + 4, request + 8), 4);
    view.setUint16(10, flags);
    if (type === Message.ACK) view.setUint32(12, client);
    view.setUint32(16, yours);
    message.set(packet.bytes.subarray(request + 24, request + 44), 24);
    view.setUint32(FIXED_BYTES, MAGIC_COOKIE);
    this.#writeOptions(message, type, yours !== 0);
    this.#core.emitter.datagram(path, DHCP_SERVER_PORT, CLIENT_PORT, message, this.#core.mtu);
  }

  #writeOptions(message: Uint8Array, type: number, leased: boolean): void {
    let at = FIXED_BYTES + 4;
    const put = (option: number, ...value: number[]): void => {
      message.set([option, value.length, ...value], at);
      at += 2 + value.length;
    };
    put(Option.TYPE, type);
    put(Option.SERVER, ...GATEWAY_4);
    if (type !== Message.NAK) {
      if (leased) {
        put(Option.LEASE, ...toBytes(LEASE_S));
        put(Option.RENEWAL, ...toBytes(LEASE_S / 2));
        put(Option.REBINDING, ...toBytes((LEASE_S / 8) * 7));
      }
      put(Option.MASK, ...MASK_4);
      put(Option.ROUTER, ...GATEWAY_4);
      put(Option.DNS, ...DNS_4);
      put(Option.MTU, this.#core.mtu >> 8, this.#core.mtu & 0xff);
    }
    message[at] = Option.END;
  }
}

function isOf({ mac }: Lease, client: Uint8Array): boolean {
  return mac !== null && sameBytes(mac, 0, client, 0, 6);
}

/** What decides about a message; 0 for what is not there. */
function readOptions(view: DataView, start: number, end: number): Query {
  let type = 0;
  let requested = 0;
  let server = 0;
  for (let at = start; at < end;) {
    const option = view.getUint8(at);
    if (option === Option.END) break;
    if (option === Option.PAD) {
      at++;
      continue;
    }
    if (at + 2 > end) break;
    const bytes = view.getUint8(at + 1);
    const value = at + 2;
    at = value + bytes;
    if (at > end) break;
    if (option === Option.TYPE && bytes === 1) type = view.getUint8(value);
    else if (option === Option.REQUESTED && bytes === 4) requested = view.getUint32(value);
    else if (option === Option.SERVER && bytes === 4) server = view.getUint32(value);
  }
  return { type, requested, server };
}

function toNumber(bytes: Uint8Array, at: number): number {
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(at);
}

function toBytes(value: number): Uint8Array {
  return Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value);
}
