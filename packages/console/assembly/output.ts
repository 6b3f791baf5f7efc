import { console_write } from "@phantasm/abi";

/**
 * A ring of bytes on their way to the host. The common case never touches it: what the host takes at
 * once is written straight from the caller's memory.
 */
export class OutputQueue {
  private ring: StaticArray<u8> | null = null;
  private head: i32 = 0;
  private queued: i32 = 0;

  /** @param capacity bytes */
  constructor(private readonly capacity: i32) {}

  get empty(): bool {
    return this.queued == 0;
  }

  /** Bytes that fit; none while an oversized text drains. */
  get room(): i32 {
    return max(0, this.capacity - this.queued);
  }

  /** Takes up to `length` bytes at `address` and returns how many. */
  put(address: usize, length: i32): i32 {
    this.drain();
    const sent = this.queued == 0 ? send(address, length) : 0;
    const kept = min(length - sent, this.room);
    this.append(address + sent, kept);
    return sent + kept;
  }

  /** Takes all of `length` bytes or none. An empty queue takes any length: it grows for it once. */
  putWhole(address: usize, length: i32): bool {
    this.drain();
    if (this.queued > 0 && length > this.room) return false;
    const sent = this.queued == 0 ? send(address, length) : 0;
    this.append(address + sent, length - sent);
    return true;
  }

  /** Hands the host what it takes now. */
  drain(): void {
    const ring = this.ring;
    if (ring === null) return;
    while (this.queued > 0) {
      const run = min(this.queued, ring.length - this.head);
      const sent = send(changetype<usize>(ring) + this.head, run);
      this.queued -= sent;
      this.head = this.head + sent == ring.length ? 0 : this.head + sent;
      if (sent < run) return;
    }
    if (ring.length > this.capacity) this.ring = null;
  }

  private append(address: usize, length: i32): void {
    if (length == 0) return;
    let ring = this.ring;
    // Longer than the ring is only what comes to an empty queue.
    if (ring === null || length > ring.length) {
      ring = new StaticArray<u8>(max(this.capacity, length));
      this.ring = ring;
      this.head = 0;
    }
    let tail = this.head + this.queued;
    if (tail >= ring.length) tail -= ring.length;
    const run = min(length, ring.length - tail);
    memory.copy(changetype<usize>(ring) + tail, address, run);
    memory.copy(changetype<usize>(ring), address + run, length - run);
    this.queued += length;
  }
}

/** Writes until the host has taken all or answers AGAIN; returns the bytes taken. */
function send(address: usize, length: i32): i32 {
  let sent = 0;
  while (sent < length) {
    const taken = console_write(address + sent, length - sent);
    if (taken < 0) break;
    sent += taken;
  }
  return sent;
}
