/** Finds nodes of a draft by parent and label. It grows while it is used, a few places with each node. */
import { hasLabel } from "./zone-data";
import { DraftNode } from "./draft-node";

const PLACES_MIN: u32 = 64;
/** The old places have moved before the new ones are half full. */
const MOVED_AT_ONCE: u32 = 8;
/** Places that are looked at for one name: a tenth of that is never needed, unless names are chosen for it. */
const PROBES_MAX: i32 = 2048;


@final
export class DraftIndex {
  private places: usize = 0;
  private mask: u32 = 0;
  private count: u32 = 0;
  /** Half as many, until all that is there has moved. */
  private old: usize = 0;
  private oldMask: u32 = 0;
  private moved: u32 = 0;
  /** Too many names have hashes that are close to each other; nothing is found any more. */
  isCrowded: bool = false;

  get bytes(): usize {
    const old: usize = this.old != 0 ? (<usize>this.oldMask + 1) << 2 : 0;
    return old + (this.places != 0 ? (<usize>this.mask + 1) << 2 : 0);
  }

  begin(): void {
    this.places = emptyPlaces(PLACES_MIN);
    this.mask = PLACES_MIN - 1;
    this.count = 0;
    this.isCrowded = false;
  }

  clear(): void {
    if (this.places != 0) heap.free(this.places);
    if (this.old != 0) heap.free(this.old);
    this.places = 0;
    this.old = 0;
  }

  /** @param label behind its length, in lower case */
  find(hash: u32, parent: usize, label: usize): usize {
    const node = this.findIn(this.places, this.mask, hash, parent, label);
    if (node != 0 || this.old == 0) return node;
    return this.findIn(this.old, this.oldMask, hash, parent, label);
  }

  private findIn(places: usize, mask: u32, hash: u32, parent: usize, label: usize): usize {
    const length = <i32>load<u8>(label);
    let place = hash & mask;
    let node = <usize>load<u32>(places + ((<usize>place) << 2));
    for (let left = PROBES_MAX; node != 0; left--) {
      if (left == 0) {
        this.isCrowded = true;
        return 0;
      }
      if (
        DraftNode.hash(node) == hash &&
        DraftNode.parent(node) == parent &&
        hasLabel(node, label, length)
      )
        return node;
      place = (place + 1) & mask;
      node = <usize>load<u32>(places + ((<usize>place) << 2));
    }
    return 0;
  }

  /** A node that is not there yet; its hash is set. */
  put(node: usize): void {
    if (this.old != 0) this.move();
    else if (++this.count * 2 > this.mask) {
      this.old = this.places;
      this.oldMask = this.mask;
      this.moved = 0;
      this.mask = this.mask * 2 + 1;
      this.places = emptyPlaces(this.mask + 1);
      this.move();
    }
    this.putNew(node);
  }

  private putNew(node: usize): void {
    let place = DraftNode.hash(node) & this.mask;
    while (load<u32>(this.places + ((<usize>place) << 2)) != 0) place = (place + 1) & this.mask;
    store<u32>(this.places + ((<usize>place) << 2), <u32>node);
  }

  /** Copies some of the old places; those stay as they are, so that what lies behind is still found. */
  private move(): void {
    for (let left = MOVED_AT_ONCE; left > 0; left--) {
      const node = <usize>load<u32>(this.old + ((<usize>this.moved) << 2));
      if (node != 0) this.putNew(node);
      if (this.moved++ < this.oldMask) continue;
      heap.free(this.old);
      this.old = 0;
      return;
    }
  }
}

function emptyPlaces(count: u32): usize {
  const bytes = (<usize>count) << 2;
  const places = heap.alloc(bytes);
  memory.fill(places, 0, bytes);
  return places;
}
