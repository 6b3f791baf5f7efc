import {
  BlockFlag,
  BlockOperation,
  Errno,
  NO_DEADLINE,
  block_complete,
  block_info,
  block_submit,
} from "@phantasm/abi";
import { Block, BlockHandler, BlockWaiter } from "@phantasm/interfaces";
import {
  Source,
  Task,
  Waiters,
  addSource,
  hold,
  isEnding,
  ready,
  release,
} from "@phantasm/runtime";
import { Slots } from "./slots";

/** Where block_info writes: u64 sectors, u32 sector bytes, depth, flags, sectors of a request. */
const info: usize = memory.data(24, 8);

/** Where block_complete writes: i32 tag, i32 status. */
const completion: usize = memory.data(8, 4);

/** Completions taken in one step: a disk that completes at once must not keep the step. */
const STEP_COMPLETIONS_MAX: i32 = 256;

/** Takes what has completed already, in the step that asked for it. */
class Poll extends Task {
  isQueued: bool = false;
  disk: HostBlock | null = null;

  performTask(): void {
    this.isQueued = false;
    this.disk!.poll();
  }
}

/** The disk over the hypercalls block_info, block_submit and block_complete. */
export class HostBlock extends Source implements Block {
  private readonly sectorCount: u64;
  private readonly sectorSize: i32;
  private readonly transferMax: i32;
  private readonly flags: i32;
  private readonly slots: Slots;
  private readonly waiters: Waiters<BlockWaiter> = new Waiters<BlockWaiter>();
  private again: bool = false;
  private readonly pollTask: Poll = new Poll();
  /** Completions that may still be taken in this step. */
  private left: i32 = STEP_COMPLETIONS_MAX;
  /** `complete` runs: it will see what is submitted meanwhile. */
  private completing: bool = false;

  /** @param requests in flight at once, at most */
  constructor(
    private readonly handle: i32,
    requests: i32,
  ) {
    super();
    block_info(handle, info);
    this.sectorCount = load<u64>(info);
    this.sectorSize = load<i32>(info, 8);
    this.flags = load<i32>(info, 16);
    this.transferMax = load<i32>(info, 20);
    this.slots = new Slots(min(requests, load<i32>(info, 12)));
    this.pollTask.disk = this;
    addSource(this);
  }

  get state(): i32 {
    return 0;
  }

  get sectors(): u64 {
    return this.sectorCount;
  }

  get sectorBytes(): i32 {
    return this.sectorSize;
  }

  get requestSectorsMax(): i32 {
    return this.transferMax;
  }

  get requestsMax(): i32 {
    return this.slots.capacity;
  }

  get writable(): bool {
    return (this.flags & BlockFlag.READONLY) == 0;
  }

  get discards(): bool {
    return (this.flags & BlockFlag.DISCARD) != 0;
  }

  read(
    sector: u64,
    sectors: i32,
    buffer: Uint8Array,
    offset: i32,
    handler: BlockHandler,
    tag: i32,
  ): i32 {
    const address = this.addressOf(buffer, offset, sectors);
    return this.submit(BlockOperation.READ, sector, address, sectors, buffer, handler, tag);
  }

  write(
    sector: u64,
    sectors: i32,
    buffer: Uint8Array,
    offset: i32,
    handler: BlockHandler,
    tag: i32,
  ): i32 {
    const address = this.addressOf(buffer, offset, sectors);
    return this.submit(BlockOperation.WRITE, sector, address, sectors, null, handler, tag);
  }

  flush(handler: BlockHandler, tag: i32): i32 {
    return this.submit(BlockOperation.FLUSH, 0, 0, 0, null, handler, tag);
  }

  discard(sector: u64, sectors: i32, handler: BlockHandler, tag: i32): i32 {
    this.checkSectors(sectors);
    return this.submit(BlockOperation.DISCARD, sector, 0, sectors, null, handler, tag);
  }

  whenReady(waiter: BlockWaiter): void {
    this.waiters.add(waiter);
    // With requests in flight, a completion is the cause of the next step.
    if (this.slots.empty) this.again = true;
  }

  dispatch(now: i64): void {
    this.again = false;
    this.left = STEP_COMPLETIONS_MAX;
    this.poll();
  }

  /** Calls whom it can, within what a step may take. */
  poll(): void {
    this.complete();
    for (let count = this.waiters.count; count > 0 && !this.slots.full; count--) {
      if (isEnding()) return;
      this.waiters.take().onBlockReady();
    }
  }

  deadline(): i64 {
    return this.again ? 0 : NO_DEADLINE;
  }

  private complete(): void {
    this.completing = true;
    for (; this.left > 0; this.left--) {
      if (this.slots.empty || isEnding()) break;
      if (block_complete(this.handle, completion) < 0) break;
      const index = load<i32>(completion);
      const slot = this.slots.at(index);
      const handler = slot.handler!;
      const tag = slot.tag;
      const status = load<i32>(completion, 4);
      this.slots.free(index);
      release();
      handler.onBlock(tag, status);
    }
    this.completing = false;
    if (this.left == 0) this.again = true;
  }

  private submit(
    operation: i32,
    sector: u64,
    address: usize,
    sectors: i32,
    buffer: Uint8Array | null,
    handler: BlockHandler,
    tag: i32,
  ): i32 {
    if (this.slots.full) return Errno.AGAIN;
    const slot = this.slots.next;
    const status = block_submit(this.handle, operation, <i64>sector, address, sectors, slot);
    if (status < 0) return status;
    this.slots.take(handler, buffer, tag);
    hold();
    // A disk that works at once has completed it by now, and a step for each request would cost more than
    // the request. A flush never completes at once.
    if (operation != BlockOperation.FLUSH && !this.completing && !this.pollTask.isQueued) {
      this.pollTask.isQueued = true;
      ready(this.pollTask);
    }
    return 0;
  }

  private addressOf(buffer: Uint8Array, offset: i32, sectors: i32): usize {
    this.checkSectors(sectors);
    assert(
      offset >= 0 && offset <= buffer.length - sectors * this.sectorSize,
      "block: the sectors lie outside the buffer",
    );
    return buffer.dataStart + offset;
  }

  private checkSectors(sectors: i32): void {
    assert(
      sectors >= 1 && sectors <= this.transferMax,
      "block: a request moves 1 to requestSectorsMax sectors",
    );
  }
}
