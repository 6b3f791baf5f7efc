import { Kind, Operation } from "../operation";
import { Frames, NO_FRAME, PAGE_BYTES } from "./frames";

/** Whoever starts write-backs. */
export interface WriteBackOwner {
  written(writeBack: WriteBack, status: i32): void;
}

/** Neighbouring dirty sectors on their way to the disk: gathered here, so that frames may change meanwhile. */
@final
export class WriteBack extends Operation {
  /** The next that is not in use. */
  nextFree: WriteBack | null = null;
  private readonly room: Uint8Array;

  constructor(
    private readonly owner: WriteBackOwner,
    private readonly frames: Frames,
    private readonly sectorBytes: i32,
    private readonly sectorsMax: i32,
  ) {
    super();
    this.room = new Uint8Array(sectorsMax * sectorBytes);
  }

  done(status: i32): void {
    this.mark(false);
    this.owner.written(this, status);
  }

  /** Takes the dirty sectors around one of a frame; it must have some, and not be on its way already. */
  gather(frame: i32): void {
    const frames = this.frames;
    const perPage = PAGE_BYTES / this.sectorBytes;
    let sector = frames.page(frame) * perPage + ctz(frames.dirty(frame));
    for (let back = 1; back < this.sectorsMax && sector > 0 && this.isDirty(sector - 1); back++)
      sector--;
    let count = 0;
    while (count < this.sectorsMax && this.isDirty(sector + count)) count++;
    this.move(Kind.WRITE, sector, count, this.room, 0);
    const into = this.room.dataStart;
    for (let i = 0; i < count; i++) {
      const at = frames.find((sector + i) / perPage);
      const index = <i32>((sector + i) % perPage);
      const bytes = this.sectorBytes;
      memory.copy(into + i * bytes, frames.address(at) + index * bytes, bytes);
      frames.removeDirty(at, 1 << index);
    }
    this.mark(true);
  }

  /** A sector that has to be written and is not on its way. */
  private isDirty(sector: u64): bool {
    const perPage = PAGE_BYTES / this.sectorBytes;
    const frame = this.frames.find(sector / perPage);
    if (frame == NO_FRAME || this.frames.isWriting(frame)) return false;
    const index = <i32>(sector % perPage);
    return (this.frames.dirty(frame) & (1 << index)) != 0;
  }

  private mark(writing: bool): void {
    const perPage = PAGE_BYTES / this.sectorBytes;
    const last = (this.sector + this.sectors - 1) / perPage;
    for (let page = this.sector / perPage; page <= last; page++)
      this.frames.setWriting(this.frames.find(page), writing);
  }
}
