/** Where a name leads in the zones (RFC 1034 §4.3.2 steps 2 and 3). */
import { Message } from "./message";
import { NodeFlag, Zones, flagsOf, labelBytes } from "./zone-data";

/** A name has at most 127 labels, and there is the root. */
const PATH_NODES_MAX: usize = 128;


@final
export class Walk {
  /** Apex of the nearest zone; 0: there is none. */
  apex: usize = 0;
  /** Labels of the name that are below it. */
  apexLabels: i32 = 0;
  /** The first delegation below the apex; 0: there is none. */
  cut: usize = 0;
  /** The first node with a DNAME that is above the name, and how many labels are below it; 0: there is none. */
  redirection: usize = 0;
  redirectionLabels: i32 = 0;
  /** The last name that exists (RFC 4592 §3.3.1). */
  closest: usize = 0;
  /** The closest one is the name itself. */
  isExact: bool = false;

  private readonly path: usize = heap.alloc(PATH_NODES_MAX * sizeof<usize>());

  constructor(public zones: Zones) {}

  /**
   * From the root down to a name in lower case.
   *
   * @param labels offset of each of its labels, a byte each
   * @param message remembers where the names lie; null: they do not lie in one piece
   */
  toName(name: usize, labels: usize, count: i32, message: Message | null): void {
    const zones = this.zones;
    let node = zones.root;
    let left = count;
    this.begin();
    for (;;) {
      const flags = this.visit(node, left);
      if (left == 0 || !(flags & NodeFlag.CHILDREN)) return;
      const offset = <usize>load<u8>(labels + --left);
      node = zones.child(node, name + offset);
      if (node == 0) return;
      if (message !== null) message.remember(node, <usize>message.name + offset);
    }
  }

  /** From the root down to a node, as far as it exists. */
  toNode(node: usize): void {
    const zones = this.zones;
    const path = this.path;
    let count = 0;
    for (; labelBytes(node) > 0; node = zones.parentOf(node), count++)
      store<usize>(path + <usize>count * sizeof<usize>(), node);
    this.begin();
    this.visit(node, count);
    while (count > 0) {
      count--;
      node = load<usize>(path + <usize>count * sizeof<usize>());
      // Names that only data have are nodes too.
      if (!(flagsOf(node) & (NodeFlag.EXISTS | NodeFlag.CHILDREN))) return;
      this.visit(node, count);
    }
  }

  private begin(): void {
    this.apex = 0;
    this.cut = 0;
    this.redirection = 0;
    this.closest = 0;
    this.isExact = false;
  }

  /** @param left labels of the name that are below the node */
  // @ts-ignore: decorator
  @inline
  private visit(node: usize, left: i32): i32 {
    const flags = flagsOf(node);
    if (flags & NodeFlag.APEX) {
      this.apex = node;
      this.apexLabels = left;
      this.cut = 0;
      this.redirection = 0;
    }
    if (flags & NodeFlag.EXISTS) {
      this.closest = node;
      this.isExact = left == 0;
    }
    if (flags & NodeFlag.CUT && this.cut == 0) this.cut = node;
    if (flags & NodeFlag.DNAME && left > 0 && this.redirection == 0) {
      this.redirection = node;
      this.redirectionLabels = left;
    }
    return flags;
  }
}
