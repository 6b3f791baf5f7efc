/**
 * Chunks that were read or written in part, and will be again: the store reads a chunk from the disk each time.
 * Nothing is kept here that was not put into the store.
 */
@final
class Slot {
  /** 0: empty. */
  content: u64 = 0;
  number: u32 = 0;
  length: i32 = 0;
  bytes: Uint8Array = new Uint8Array(0);
}


@final
export class ChunkCache {
  private readonly slots: Slot[] = [];
  /** The one that is used for the next chunk. */
  private hand: i32 = 0;

  constructor(slots: i32) {
    for (let i = 0; i < slots; i++) this.slots.push(new Slot());
  }

  /** Copies a chunk into an array that has room for it. Its length; negative: it is not here. */
  copy(content: u64, number: u32, into: Uint8Array): i32 {
    const slot = this.find(content, number);
    if (slot === null) return -1;
    memory.copy(into.dataStart, slot.bytes.dataStart, slot.length);
    return slot.length;
  }

  /** Copies the part of a chunk from `within` on, and zeros behind its end. False: it is not here. */
  copyPart(content: u64, number: u32, within: i32, target: usize, bytes: i32): bool {
    const slot = this.find(content, number);
    if (slot === null) return false;
    const copied = min(bytes, max(slot.length - within, 0));
    memory.copy(target, slot.bytes.dataStart + within, copied);
    memory.fill(target + copied, 0, bytes - copied);
    return true;
  }

  /** Keeps what a chunk is now. */
  put(content: u64, number: u32, address: usize, length: i32, chunkBytes: i32): void {
    if (this.slots.length == 0) return;
    let slot = this.find(content, number);
    if (slot === null) {
      slot = unchecked(this.slots[this.hand]);
      this.hand = (this.hand + 1) % this.slots.length;
      if (slot.bytes.length == 0) slot.bytes = new Uint8Array(chunkBytes);
    }
    slot.content = content;
    slot.number = number;
    slot.length = length;
    memory.copy(slot.bytes.dataStart, address, length);
  }

  /** A chunk is another one now. */
  forget(content: u64, number: u32): void {
    const slot = this.find(content, number);
    if (slot !== null) slot.content = 0;
  }

  /** All of a content are. */
  forgetAll(content: u64): void {
    const slots = this.slots;
    for (let i = 0; i < slots.length; i++)
      if (unchecked(slots[i]).content == content) unchecked(slots[i]).content = 0;
  }

  private find(content: u64, number: u32): Slot | null {
    const slots = this.slots;
    for (let i = 0; i < slots.length; i++) {
      const slot = unchecked(slots[i]);
      if (slot.content == content && slot.number == number) return slot;
    }
    return null;
  }
}
