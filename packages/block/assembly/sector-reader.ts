/** For tests: single sectors, with the disks below run until the request is reported. */
import { Block, BlockHandler, PENDING } from "@phantasm/interfaces";
import { dispatch } from "@phantasm/runtime";
import { TestDisk } from "./testing";

/** Reads single sectors, and waits for them. */
@final
export class SectorReader implements BlockHandler {
  readonly buffer: Uint8Array;
  private status: i32 = PENDING;

  constructor(
    private readonly disk: Block,
    private readonly disks: TestDisk[],
  ) {
    this.buffer = new Uint8Array(disk.sectorBytes);
  }

  onBlock(tag: i32, status: i32): void {
    this.status = status;
  }

  read(sector: u64): i32 {
    return this.wait(this.disk.read(sector, 1, this.buffer, 0, this, 0));
  }

  write(sector: u64): i32 {
    return this.wait(this.disk.write(sector, 1, this.buffer, 0, this, 0));
  }

  flush(): i32 {
    return this.wait(this.disk.flush(this, 0));
  }

  discard(sector: u64, sectors: i32): i32 {
    return this.wait(this.disk.discard(sector, sectors, this, 0));
  }

  private wait(answer: i32): i32 {
    if (answer != 0) return answer;
    this.status = PENDING;
    for (let rounds = 0; this.status == PENDING && rounds < 10_000; rounds++)
      progressOf(this.disks);
    return this.status;
  }
}

function progressOf(disks: TestDisk[]): void {
  for (let leg = 0; leg < disks.length; leg++) disks[leg].run(1);
  dispatch();
}

/** Waits until the state of a disk is decided. */
export function settle(disk: Block, disks: TestDisk[]): void {
  for (let rounds = 0; disk.state == PENDING && rounds < 100_000; rounds++) progressOf(disks);
  for (let rounds = 0; rounds < 4; rounds++) progressOf(disks);
}
