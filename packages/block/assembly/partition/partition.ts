import { Block, BlockHandler, BlockWaiter, Errno, PENDING } from "@phantasm/interfaces";
import { Waiters } from "@phantasm/runtime";
import { Slice } from "../slice";
import { By, Choice } from "./choice";
import { PIECE_BYTES, TableSearch } from "./table";

/**
 * A partition of a disk that has a table of them (GPT or MBR). The table is read once, when the device is made;
 * until then the state is PENDING. Then it is a slice.
 */
@final
export class Partition extends Slice implements BlockHandler, BlockWaiter {
  private opened: i32 = PENDING;
  private search: TableSearch | null = null;
  private buffer: Uint8Array | null = null;
  private backup: bool = false;
  private readonly choice: Choice;
  private readonly waiters: Waiters<BlockWaiter> = new Waiters<BlockWaiter>();

  /** @param text of By.NAME and TYPE_GUID; `number` is of the others */
  constructor(disk: Block, by: By, number: i32, text: string) {
    super(disk, 0, 0);
    this.choice = new Choice(by, number, text);
    this.goOn();
  }

  /** NOT_FOUND: the table has no such partition; WRONG_FORMAT: there is no table; CORRUPT: it is damaged or contradicts itself. */
  get state(): i32 {
    return this.opened != 0 ? this.opened : this.disk.state;
  }

  get sectors(): u64 {
    return this.state == 0 ? this.count : 0;
  }

  /** First sector on the disk. */
  get firstSector(): u64 {
    return this.first;
  }

  /** The GPT at the beginning of the disk is damaged: that at its end was used. */
  get backupUsed(): bool {
    return this.backup;
  }

  whenReady(waiter: BlockWaiter): void {
    if (this.opened == PENDING) this.waiters.add(waiter);
    else this.disk.whenReady(waiter);
  }

  onBlockReady(): void {
    this.goOn();
  }

  onBlock(tag: i32, status: i32): void {
    this.search!.take(status, this.buffer!.dataStart);
    this.goOn();
  }

  /** Asks for what the search needs next. */
  private goOn(): void {
    const disk = this.disk;
    if (disk.state == PENDING) return disk.whenReady(this);
    if (disk.state != 0) return this.decide(disk.state);
    let search = this.search;
    if (search === null) {
      search = new TableSearch(this.choice, disk.sectors, disk.sectorBytes);
      this.search = search;
      this.buffer = new Uint8Array(max(PIECE_BYTES, disk.sectorBytes));
    }
    if (search.state == PENDING) {
      const answer = disk.read(search.sector, search.sectors, this.buffer!, 0, this, 0);
      if (answer == 0) return;
      if (answer == Errno.AGAIN) return disk.whenReady(this);
      return this.decide(answer);
    }
    this.first = search.first;
    this.count = search.count;
    this.backup = search.backupUsed;
    this.decide(search.state);
  }

  private decide(state: i32): void {
    this.opened = state;
    this.search = null;
    this.buffer = null;
    while (this.waiters.count > 0) this.waiters.take().onBlockReady();
  }
}
