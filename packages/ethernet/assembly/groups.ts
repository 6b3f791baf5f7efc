/** Multicast groups that may be joined at once: IPv6 needs one for each address, and one for all nodes. */
export const GROUPS_MAX: i32 = 16;

/** The multicast addresses that frames are received for. */
@final
export class Groups {
  private readonly addresses: StaticArray<u64> = new StaticArray<u64>(GROUPS_MAX);
  /** How often each was joined. */
  private readonly uses: StaticArray<i32> = new StaticArray<i32>(GROUPS_MAX);
  private count: i32 = 0;

  has(group: u64): bool {
    return this.find(group) >= 0;
  }

  join(group: u64): bool {
    const found = this.find(group);
    if (found >= 0) {
      this.uses[found]++;
      return true;
    }
    if (this.count == GROUPS_MAX) return false;
    this.addresses[this.count] = group;
    this.uses[this.count] = 1;
    this.count++;
    return true;
  }

  leave(group: u64): void {
    const found = this.find(group);
    if (found < 0) return;
    if (--this.uses[found] > 0) return;
    this.count--;
    this.addresses[found] = this.addresses[this.count];
    this.uses[found] = this.uses[this.count];
  }

  private find(group: u64): i32 {
    for (let at = 0, count = this.count; at < count; at++)
      if (unchecked(this.addresses[at]) == group) return at;
    return -1;
  }
}
