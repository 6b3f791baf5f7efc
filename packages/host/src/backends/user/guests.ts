/** The addresses that the guest has: learnt from what it sends, since nobody says. */
import { formatAddress, inPrefix, sameBytes } from "./address.js";
import { ETHERNET, type Packet } from "./packet.js";
import { isGuestAddress, LINK_LOCAL_6 } from "./plan.js";

/** At the limit, the one that was quiet longest is forgotten. */
export const GUEST_ADDRESSES_MAX = 16;

/** An IPv4 client waits so long for an IPv4 address before another kind is tried, and so on. */
export const OTHER_KIND_AFTER_MS = 1_000;

export interface Guest {
  readonly address: Uint8Array;
  mac: Uint8Array;
  /** Order of the last sign of life. */
  seen: number;
}

export class Guests {
  readonly #guests: Guest[] = [];
  readonly #learnt: (guest: Guest) => void;
  #last: Guest | null = null;
  #order = 0;

  /** @param learnt called for every address that was not known */
  constructor(learnt: (guest: Guest) => void) {
    this.#learnt = learnt;
  }

  /** Takes note of the source of an IP packet. False: an address that this network has not. */
  learnSource(packet: Packet): boolean {
    return this.learn(packet, packet.source, packet.addressBytes, ETHERNET + 6);
  }

  /** Takes note of an address and its MAC, both in `packet`. */
  learn(packet: Packet, at: number, addressBytes: number, macAt: number): boolean {
    const { bytes } = packet;
    const last = this.#last;
    // Nearly every packet comes from where the one before it came from.
    if (
      last !== null &&
      last.address.length === addressBytes &&
      sameBytes(bytes, at, last.address, 0, addressBytes) &&
      sameBytes(bytes, macAt, last.mac, 0, 6)
    ) {
      return true;
    }
    const address = bytes.slice(at, at + addressBytes);
    if (!isGuestAddress(address)) return false;
    const mac = bytes.slice(macAt, macAt + 6);
    const known = this.#guests.find(
      (guest) =>
        guest.address.length === addressBytes &&
        sameBytes(address, 0, guest.address, 0, addressBytes),
    );
    if (known !== undefined) {
      known.mac = mac;
      known.seen = ++this.#order;
      this.#last = known;
      return true;
    }
    const guest = { address, mac, seen: ++this.#order };
    if (this.#guests.length === GUEST_ADDRESSES_MAX) this.#forgetQuietest();
    this.#guests.push(guest);
    this.#last = guest;
    this.#learnt(guest);
    return true;
  }

  /**
   * Where to reach the guest: an address of this kind if there is one, a link-local one last.
   *
   * @param only of this kind, nothing else
   */
  reach(ipv4: boolean, only: boolean): Guest | null {
    let best: Guest | null = null;
    let bestRank = only ? RANK_OF_KIND - 1 : -1;
    for (const guest of this.#guests) {
      const rank = rankOf(guest, ipv4);
      if (rank > bestRank || (rank === bestRank && best !== null && guest.seen > best.seen)) {
        best = guest;
        bestRank = rank;
      }
    }
    return best;
  }

  /** For the operator. */
  get addresses(): string[] {
    return this.#guests.map(({ address }) => formatAddress(address));
  }

  #forgetQuietest(): void {
    let quietest = 0;
    this.#guests.forEach((guest, at) => {
      if (guest.seen < (this.#guests[quietest]?.seen ?? 0)) quietest = at;
    });
    this.#guests.splice(quietest, 1);
  }
}

const RANK_OF_KIND = 2;

function rankOf({ address }: Guest, ipv4: boolean): number {
  if (inPrefix(address, LINK_LOCAL_6)) return 0;
  return (address.length === 4) === ipv4 ? RANK_OF_KIND : 1;
}
