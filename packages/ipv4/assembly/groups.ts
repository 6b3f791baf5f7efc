import { Ethernet } from "@phantasm/ethernet/ethernet";
import { isMulticast } from "./wire";

/** RFC 1112 §6.4: 01:00:5e and the lower 23 bits. */
export function groupMac(group: u32): u64 {
  return 0x0100_5e00_0000 | ((<u64>group) & 0x7f_ffff);
}

/** The multicast groups whose packets are taken in. */
@final
export class Groups {
  private readonly groups: u32[] = [];

  constructor(
    private readonly capacity: i32,
    private readonly ethernet: Ethernet,
  ) {}

  has(group: u32): bool {
    return this.groups.length > 0 && this.groups.includes(group);
  }

  join(group: u32): bool {
    assert(isMulticast(group), "ipv4: not a multicast address");
    if (this.has(group)) return true;
    if (this.groups.length == this.capacity || !this.ethernet.join(groupMac(group))) return false;
    this.groups.push(group);
    return true;
  }

  leave(group: u32): void {
    const at = this.groups.indexOf(group);
    if (at < 0) return;
    this.groups.splice(at, 1);
    this.ethernet.leave(groupMac(group));
  }
}
