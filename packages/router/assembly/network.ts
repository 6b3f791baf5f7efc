/** What the router knows of the networks on its two sides. Addresses have the first octet on top. */
import { isMartian } from "@phantasm/ipv4/wire";
import { maskOf } from "@phantasm/ipv4/routes";

/** Networks behind other routers inside; more are refused where they are configured. */
export const INSIDE_NETWORKS_MAX: i32 = 17;


@final
export class Networks {
  /** Our address inside; hosts there use it as their gateway. */
  insideAddress: u32 = 0;
  /** What all flows leave from; 0: there is none yet. */
  outsideAddress: u32 = 0;
  /** Largest packets of the links. */
  insideMtu: i32 = 1500;
  outsideMtu: i32 = 1500;

  private readonly networks: StaticArray<u32> = new StaticArray<u32>(INSIDE_NETWORKS_MAX);
  private readonly masks: StaticArray<u32> = new StaticArray<u32>(INSIDE_NETWORKS_MAX);
  private count: i32 = 0;

  /** Hosts of this network are inside. */
  addInside(address: u32, prefixBits: i32): void {
    assert(this.count < INSIDE_NETWORKS_MAX, "router: too many networks inside");
    const mask = maskOf(prefixBits);
    this.networks[this.count] = address & mask;
    this.masks[this.count] = mask;
    this.count++;
  }

  /** It is the address of a host inside. */
  isInside(address: u32): bool {
    for (let at = 0, count = this.count; at < count; at++)
      if ((address & unchecked(this.masks[at])) == unchecked(this.networks[at])) return true;
    return false;
  }

  /** The broadcast address of a network inside, new or old (RFC 1812 §5.3.5): packets there are not sent on. */
  isInsideBroadcast(address: u32): bool {
    for (let at = 0, count = this.count; at < count; at++) {
      const mask = unchecked(this.masks[at]);
      if (mask >= 0xffff_fffe || (address & mask) != unchecked(this.networks[at])) continue;
      const host = address & ~mask;
      if (host == 0 || host == ~mask) return true;
    }
    return false;
  }
}

/** RFC 3927 §7: link-local addresses stay on their link; the rest of RFC 1812 §5.3.7 is martian. */
// @ts-ignore: decorator
@inline
export function isForwarded(address: u32): bool {
  return !isMartian(address) && address >> 16 != 0xa9fe;
}
