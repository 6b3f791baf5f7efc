/** What is known of a file that is open, or was changed and is not yet on the disk as it should be. */
import { Places } from "./directory";

/** A file, however often it is open. */
@final
export class Node {
  /** Handles. */
  opens: i32 = 0;
  /** It is one, although no handle may be open. */
  used: bool = false;
  /** Its entry. */
  sector: u32 = 0;
  offset: i32 = 0;
  /** First cluster of the chain that its entry has on the disk; 0: none. */
  first: u32 = 0;
  /**
   * Clusters behind these that no commit has linked yet begin with `head`; `tail` is the last cluster before, 0
   * when there is none. No `head`: there are no such.
   */
  head: u32 = 0;
  tail: u32 = 0;
  size: u32 = 0;
  /** When it was changed. */
  time: u32 = 0;
  /** Its entry on the disk does not say all this. */
  changed: bool = false;
  /** It was removed. */
  gone: bool = false;
  /** Counts what makes a cluster that was found before be another one. */
  cuts: i32 = 0;


  @inline
  get start(): u32 {
    return this.first != 0 ? this.first : this.head;
  }
}


@final
export class Nodes {
  private readonly nodes: StaticArray<Node>;

  constructor(count: i32) {
    this.nodes = new StaticArray<Node>(count);
    for (let i = 0; i < count; i++) this.nodes[i] = new Node();
  }

  /** The node of an entry. */
  find(sector: u32, offset: i32): Node | null {
    for (let i = 0; i < this.nodes.length; i++) {
      const node = this.nodes[i];
      if (node.used && !node.gone && node.sector == sector && node.offset == offset) return node;
    }
    return null;
  }

  /** A node for a file that has none; null when there are as many as there may be. */
  take(places: Places): Node | null {
    for (let i = 0; i < this.nodes.length; i++) {
      const node = this.nodes[i];
      if (node.used) continue;
      node.used = true;
      node.opens = 0;
      node.sector = places.sector;
      node.offset = places.offset;
      node.head = 0;
      node.tail = 0;
      node.changed = false;
      node.gone = false;
      return node;
    }
    return null;
  }

  get hasRoom(): bool {
    for (let i = 0; i < this.nodes.length; i++) if (!this.nodes[i].used) return true;
    return false;
  }

  /** An open file has changes that were not synced. */
  get hasChanged(): bool {
    for (let i = 0; i < this.nodes.length; i++) {
      const node = this.nodes[i];
      if (node.used && node.opens > 0 && node.changed && !node.gone) return true;
    }
    return false;
  }

  /** A node that nobody has open, and that is to be written or forgotten. */
  abandoned(): Node | null {
    for (let i = 0; i < this.nodes.length; i++) {
      const node = this.nodes[i];
      if (node.used && node.opens == 0) return node;
    }
    return null;
  }
}
