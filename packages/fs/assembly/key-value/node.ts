/** The files that are open, each once, however many have opened it. */
import { Entry } from "./format";
import { Lock } from "./lock";


@final
export class Node {
  /** Of its content: another one once it was emptied. */
  content: u64;
  size: u64;
  modifiedNs: i64;
  /** How many have it open. */
  opens: i32 = 0;
  /** Its entry is gone. What is open of it can still be read. */
  removed: bool = false;
  /** Its entry was written since it was opened. */
  changed: bool = false;
  /** There may be garbage behind its end: it is to be cleared away before the file grows. */
  dirtyEnd: bool = true;
  /** Reading shares it, writing takes it alone. */
  readonly lock: Lock = new Lock();

  constructor(
    /** Of its entry. */
    public key: Uint8Array,
    entry: Entry,
  ) {
    this.content = entry.number;
    this.size = entry.size;
    this.modifiedNs = entry.modifiedNs;
  }

  /** Its entry was written. */
  become(content: u64, size: u64, modifiedNs: i64): void {
    if (content != this.content) this.dirtyEnd = false;
    this.content = content;
    this.size = size;
    this.modifiedNs = modifiedNs;
    this.changed = true;
  }

  /** What its entry says. */
  describe(entry: Entry): void {
    entry.directory = false;
    entry.number = this.content;
    entry.size = this.size;
    entry.modifiedNs = this.modifiedNs;
    entry.version = 0;
  }
}

/** They are found by the key of their entry, since a content changes under a waiting lookup, and names do not. */
@final
export class Nodes {
  /** Changes when a file is closed whose entry was written: what was read of it before may be out of date. */
  generation: u32 = 0;
  private readonly nodes: Node[] = [];

  find(key: Uint8Array): Node | null {
    const nodes = this.nodes;
    for (let i = 0; i < nodes.length; i++) {
      const node = unchecked(nodes[i]);
      if (node.removed || node.key.length != key.length) continue;
      if (memory.compare(node.key.dataStart, key.dataStart, key.length) == 0) return node;
    }
    return null;
  }

  hasContent(content: u64): bool {
    const nodes = this.nodes;
    for (let i = 0; i < nodes.length; i++) if (unchecked(nodes[i]).content == content) return true;
    return false;
  }

  add(node: Node): Node {
    this.nodes.push(node);
    return node;
  }

  /** One has closed it. True: it was the last one. */
  close(node: Node): bool {
    if (--node.opens > 0) return false;
    const nodes = this.nodes;
    const index = nodes.indexOf(node);
    nodes[index] = nodes[nodes.length - 1];
    nodes.pop();
    if (node.changed) this.generation++;
    return true;
  }
}
