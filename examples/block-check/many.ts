import { Block, BlockHandler, Errno } from "@phantasm/interfaces";
import { WaitQueue, wait } from "@phantasm/fibre";

/** As many requests as a disk takes at once, by its interface itself: handlers need no fibres. */
export class Many implements BlockHandler {
  accepted: i32 = 0;
  /** The disk has said that it has no room for another one. */
  wasFull: bool = false;
  /** Of the first request that failed, or was reported twice. */
  error: i32 = 0;
  private reported: i32 = 0;
  private readonly seen: StaticArray<bool>;
  private readonly end: WaitQueue = new WaitQueue("the requests");

  constructor(
    private readonly disk: Block,
    private readonly first: u64,
    private readonly sectors: i32,
  ) {
    this.seen = new StaticArray<bool>(sectors);
  }

  /** Writes each sector by a request of its own, or reads it; waits for all that were accepted. Returns 0 or an error. */
  run(writes: bool, buffer: Uint8Array): i32 {
    const bytes = this.disk.sectorBytes;
    for (let i = 0; i < this.sectors; i++) this.seen[i] = false;
    this.accepted = 0;
    this.reported = 0;
    for (let i = 0; i < this.sectors; i++) {
      const status = writes
        ? this.disk.write(this.first + i, 1, buffer, i * bytes, this, i)
        : this.disk.read(this.first + i, 1, buffer, i * bytes, this, i);
      if (status == Errno.AGAIN) this.wasFull = true;
      else if (status != 0) this.error = status;
      if (status != 0) break;
      this.accepted++;
    }
    while (this.reported < this.accepted) wait(this.end);
    return this.error;
  }

  onBlock(tag: i32, status: i32): void {
    if (status != 0) this.error = status;
    if (this.seen[tag]) this.error = Errno.IO;
    this.seen[tag] = true;
    this.reported++;
    this.end.wake();
  }
}
