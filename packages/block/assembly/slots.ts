import { BlockHandler } from "@phantasm/interfaces";

/** One request in flight. Its index is the tag the host sees. */
export class Slot {
  handler: BlockHandler | null = null;
  /** What a read writes to: the reference keeps it, and the collector moves nothing. */
  buffer: Uint8Array | null = null;
  tag: i32 = 0;
  /** Index of the next free slot, or -1. */
  nextFree: i32 = -1;
}

/** A fixed number of slots. */
export class Slots {
  private readonly slots: StaticArray<Slot>;
  private firstFree: i32 = 0;
  private used: i32 = 0;

  constructor(readonly capacity: i32) {
    const slots = new StaticArray<Slot>(capacity);
    for (let i = 0; i < capacity; i++) {
      const slot = new Slot();
      slot.nextFree = i + 1 < capacity ? i + 1 : -1;
      slots[i] = slot;
    }
    this.slots = slots;
  }

  get full(): bool {
    return this.firstFree < 0;
  }

  get empty(): bool {
    return this.used == 0;
  }

  /** The slot that `take` will give; not when full. */
  get next(): i32 {
    return this.firstFree;
  }

  take(handler: BlockHandler, buffer: Uint8Array | null, tag: i32): void {
    const slot = this.slots[this.firstFree];
    this.firstFree = slot.nextFree;
    this.used++;
    slot.handler = handler;
    slot.buffer = buffer;
    slot.tag = tag;
    slot.nextFree = -1;
  }

  /** The slot of a request in flight; the host knows no other tags. */
  at(index: i32): Slot {
    return this.slots[index];
  }

  free(index: i32): void {
    const slot = this.slots[index];
    slot.handler = null;
    slot.buffer = null;
    slot.nextFree = this.firstFree;
    this.firstFree = index;
    this.used--;
  }
}
