import { Ethernet } from "@phantasm/ethernet/ethernet";
import { isMulticast } from "./wire";

/** RFC 1112 §6.4: 01:00:5e and the lower 23 bits. */
export function groupMac(group: u32): u64 {
  return 0x0100_5e00_0000 | ((<u64>group) & 0x7f_ffff);
}

/** The multicast groups whose packets are taken in. */
@final
export class Groups {
  /** The first `count` are joined. */
  private readonly groups: StaticArray<u32>;
  private count: i32 = 0;

  constructor(
    capacity: i32,
    private readonly ethernet: Ethernet,
  ) {
    this.groups = new StaticArray<u32>(capacity);
  }

  has(group: u32): bool {
    return this.indexOf(group) >= 0;
  }

  join(group: u32): bool {
    assert(isMulticast(group), "ipv4: not a multicast address");
    if (this.has(group)) return true;
    const count = this.count;
    if (count == this.groups.length || !this.ethernet.join(groupMac(group))) return false;
    this.groups[count] = group;
    this.count = count + 1;
    return true;
  }

  leave(group: u32): void {
    const at = this.indexOf(group);
    if (at < 0) return;
    this.groups[at] = this.groups[--this.count];
    this.ethernet.leave(groupMac(group));
  }

  private indexOf(group: u32): i32 {
    for (let at = 0, count = this.count; at < count; at++)
      if (unchecked(this.groups[at]) == group) return at;
    return -1;
  }
}
