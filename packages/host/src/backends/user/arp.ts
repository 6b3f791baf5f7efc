/** ARP (RFC 826): answers for the gateway and the resolver, and learns who the guest is. */
import type { Core } from "./core.js";
import { sameAddress } from "./address.js";
import { EtherType, IP, type Packet } from "./packet.js";
import { DNS_4, GATEWAY_4, GATEWAY_MAC } from "./plan.js";

const ARP_BYTES = 28;
const ETHERNET_HARDWARE = 1;
const REQUEST = 1;
const REPLY = 2;
const BROADCAST = Uint8Array.of(255, 255, 255, 255, 255, 255);
const NOBODY = new Uint8Array(6);

export class Arp {
  readonly #core: Core;

  constructor(core: Core) {
    this.#core = core;
  }

  /** False: it is no ARP. */
  receive(packet: Packet): boolean {
    const { view, bytes } = packet;
    if (packet.length < IP + ARP_BYTES) return false;
    if (view.getUint16(IP) !== ETHERNET_HARDWARE || view.getUint16(IP + 2) !== EtherType.IPV4) {
      return false;
    }
    if (view.getUint8(IP + 4) !== 6 || view.getUint8(IP + 5) !== 4) return false;
    const operation = view.getUint16(IP + 6);
    // RFC 5227 §1.1: a probe has no sender address. It does not own the address yet.
    if (view.getUint32(IP + 14) !== 0) this.#core.guests.learn(packet, IP + 14, 4, IP + 8);
    const target = bytes.slice(IP + 24, IP + 28);
    if (operation === REQUEST && (sameAddress(target, GATEWAY_4) || sameAddress(target, DNS_4))) {
      const asker = bytes.slice(IP + 8, IP + 18);
      this.#send(REPLY, asker.subarray(0, 6), target, asker.subarray(0, 6), asker.subarray(6));
    }
    return true;
  }

  /** Asks who has an address; the answer is learnt. */
  ask(target: Uint8Array): void {
    this.#send(REQUEST, BROADCAST, GATEWAY_4, NOBODY, target);
  }

  #send(
    operation: number,
    destination: Uint8Array,
    sender: Uint8Array,
    targetMac: Uint8Array,
    target: Uint8Array,
  ): void {
    const { emitter } = this.#core;
    const { view, bytes } = emitter;
    emitter.beginRaw(destination, GATEWAY_MAC, EtherType.ARP);
    view.setUint16(IP, ETHERNET_HARDWARE);
    view.setUint16(IP + 2, EtherType.IPV4);
    view.setUint8(IP + 4, 6);
    view.setUint8(IP + 5, 4);
    view.setUint16(IP + 6, operation);
    bytes.set(GATEWAY_MAC, IP + 8);
    bytes.set(sender, IP + 14);
    bytes.set(targetMac, IP + 18);
    bytes.set(target, IP + 24);
    emitter.raw(IP + ARP_BYTES);
  }
}
