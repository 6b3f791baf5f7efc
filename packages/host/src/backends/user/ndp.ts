/**
 * Neighbour discovery (RFC 4861) of a router with one prefix: answers for its own addresses, tells
 * hosts the prefix, the MTU and the resolver (RFC 8106), and learns who the guest is.
 */
import { Task } from "../../scheduler.js";
import { address, sameAddress } from "./address.js";
import type { Core } from "./core.js";
import { ETHERNET, Protocol, type Packet } from "./packet.js";
import { Path } from "./path.js";
import { DNS_6, GATEWAY_6, GATEWAY_LINK_LOCAL, GATEWAY_MAC, MTU_6_MIN, NETWORK_6 } from "./plan.js";

const ROUTER_SOLICITATION = 133;
const ROUTER_ADVERTISEMENT = 134;
const NEIGHBOUR_SOLICITATION = 135;
const NEIGHBOUR_ADVERTISEMENT = 136;
/** RFC 4861 §6.1, §7.1: what comes from farther away is forged. */
const HOP_LIMIT = 255;
const HOP_LIMIT_ADVERTISED = 64;

const SOURCE_LINK_ADDRESS = 1;
const TARGET_LINK_ADDRESS = 2;
const PREFIX_INFORMATION = 3;
const MTU_OPTION = 5;
const RDNSS = 25;
/** RFC 4861 §4.6.2: on-link, and for autonomous configuration. */
const PREFIX_FLAGS = 0xc0;
/** RFC 4861 §4.4: from a router; in answer to a solicitation; replaces what was known. */
const FROM_ROUTER = 0x80;
const SOLICITED = 0x40;
const OVERRIDE = 0x20;

const ROUTER_LIFETIME_S = 1800;
const PREFIX_LIFETIME_S = 86_400;
/** RFC 4861 §6.2.1 MaxRtrAdvInterval; the lifetime above is three of them. */
const ADVERTISE_NS = 600e9;

const ALL_NODES = address("ff02::1");
const ALL_NODES_MAC = Uint8Array.of(0x33, 0x33, 0, 0, 0, 1);

export class NeighbourDiscovery {
  readonly #core: Core;
  readonly #periodic: Task;
  #listening = false;

  constructor(core: Core) {
    this.#core = core;
    this.#periodic = new Task(() => {
      this.#advertiseRouter(ALL_NODES, ALL_NODES_MAC);
      this.#core.scheduler.after(this.#periodic, ADVERTISE_NS);
    });
  }

  close(): void {
    this.#core.scheduler.cancel(this.#periodic);
  }

  /** False: it is none of these messages. */
  receive(packet: Packet): boolean {
    const { view, start, end } = packet;
    const type = view.getUint8(start);
    if (type < ROUTER_SOLICITATION || type > NEIGHBOUR_ADVERTISEMENT) return false;
    if (packet.hopLimit !== HOP_LIMIT || view.getUint8(start + 1) !== 0) {
      this.#core.counters.malformed++;
      return true;
    }
    if (type === ROUTER_SOLICITATION) this.#routerSolicited(packet);
    else if (type === ROUTER_ADVERTISEMENT) return true;
    else if (end - start < 24) this.#core.counters.malformed++;
    else if (type === NEIGHBOUR_SOLICITATION) this.#neighbourSolicited(packet);
    // RFC 4861 §7.2.5: the target of an advertisement is an address of its sender.
    else this.#core.guests.learn(packet, start + 8, 16, ETHERNET + 6);
    return true;
  }

  #routerSolicited(packet: Packet): void {
    // RFC 8200 §5: IPv6 does not work on a smaller link.
    if (this.#core.mtu < MTU_6_MIN) return;
    if (!this.#listening) {
      this.#listening = true;
      this.#core.scheduler.after(this.#periodic, ADVERTISE_NS);
    }
    if (isUnspecified(packet.address(packet.source))) {
      this.#advertiseRouter(ALL_NODES, ALL_NODES_MAC);
      return;
    }
    if (!this.#core.guests.learnSource(packet)) return;
    const mac = packet.bytes.slice(ETHERNET + 6, ETHERNET + 12);
    this.#advertiseRouter(packet.address(packet.source), mac);
  }

  #neighbourSolicited(packet: Packet): void {
    const source = packet.address(packet.source);
    const target = packet.bytes.slice(packet.start + 8, packet.start + 24);
    // RFC 4862 §5.4.3: a solicitation without a source looks for a duplicate.
    const probing = isUnspecified(source);
    if (!probing) this.#core.guests.learnSource(packet);
    if (![GATEWAY_6, GATEWAY_LINK_LOCAL, DNS_6].some((own) => sameAddress(own, target))) return;
    const mac = packet.bytes.slice(ETHERNET + 6, ETHERNET + 12);
    const path = probing
      ? new Path(target, ALL_NODES, ALL_NODES_MAC, Protocol.ICMPV6, HOP_LIMIT)
      : new Path(target, source, mac, Protocol.ICMPV6, HOP_LIMIT);
    const { emitter } = this.#core;
    emitter.begin(path);
    const { start } = path;
    emitter.view.setUint32(start, NEIGHBOUR_ADVERTISEMENT << 24);
    emitter.view.setUint32(start + 4, 0);
    emitter.view.setUint8(start + 4, FROM_ROUTER | OVERRIDE | (probing ? 0 : SOLICITED));
    emitter.bytes.set(target, start + 8);
    this.#linkAddress(start + 24, TARGET_LINK_ADDRESS);
    emitter.send(path, 32);
  }

  #advertiseRouter(destination: Uint8Array, mac: Uint8Array): void {
    const { emitter, mtu } = this.#core;
    const path = new Path(GATEWAY_LINK_LOCAL, destination, mac, Protocol.ICMPV6, HOP_LIMIT);
    emitter.begin(path);
    const { view, bytes } = emitter;
    const { start } = path;
    bytes.fill(0, start, start + 16);
    view.setUint8(start, ROUTER_ADVERTISEMENT);
    view.setUint8(start + 4, HOP_LIMIT_ADVERTISED);
    view.setUint16(start + 6, ROUTER_LIFETIME_S);
    let at = this.#linkAddress(start + 16, SOURCE_LINK_ADDRESS);
    view.setUint16(at, (MTU_OPTION << 8) | 1);
    view.setUint16(at + 2, 0);
    view.setUint32(at + 4, mtu);
    at += 8;
    view.setUint16(at, (PREFIX_INFORMATION << 8) | 4);
    view.setUint8(at + 2, NETWORK_6.bits);
    view.setUint8(at + 3, PREFIX_FLAGS);
    view.setUint32(at + 4, PREFIX_LIFETIME_S);
    view.setUint32(at + 8, PREFIX_LIFETIME_S);
    view.setUint32(at + 12, 0);
    bytes.set(NETWORK_6.address, at + 16);
    at += 32;
    view.setUint16(at, (RDNSS << 8) | 3);
    view.setUint16(at + 2, 0);
    view.setUint32(at + 4, ROUTER_LIFETIME_S);
    bytes.set(DNS_6, at + 8);
    emitter.send(path, at + 24 - start);
  }

  /** Writes the gateway's link-layer address as an option; where the next one goes. */
  #linkAddress(at: number, type: number): number {
    this.#core.emitter.view.setUint16(at, (type << 8) | 1);
    this.#core.emitter.bytes.set(GATEWAY_MAC, at + 2);
    return at + 8;
  }
}

function isUnspecified(ip: Uint8Array): boolean {
  return ip.every((byte) => byte === 0);
}
