/**
 * What a volume says of itself: whether it was left in order (a bit of the boot sector, which Linux and
 * fsck.vfat use, and one of FAT entry 1, which Windows does), and FSInfo, how many clusters are free.
 *
 * A volume that was found dirty stays so until fsck has looked at it: what is lost on it only fsck finds.
 */
import { PENDING, WRONG_FORMAT } from "@phantasm/interfaces";
import { BOOT_STATE_OFFSET, Geometry } from "./boot-sector";
import { SectorCache } from "./cache";
import { Disk, Transfer } from "./disk";
import { Space, UNKNOWN } from "./table";

const STATE_DIRTY: u8 = 1;

/** Byte 3 of FAT entry 1: bit 3 says that the volume is in order. */
const CLEAN_OFFSET: usize = 7;
const CLEAN_BIT: u8 = 8;

/** The 28 bits of a FAT entry that count; FAT entry 0, but for the byte of the medium. */
const ENTRY_MASK: u32 = 0x0fff_ffff;
const MEDIA_ENTRY: u32 = 0x0fff_ff00;

const INFO_FREE: usize = 488;
const INFO_NEXT: usize = 492;

enum StaleStage {
  WRITE,
  FLUSH,
  WAIT,
}


@final
export class Marks {
  /** The volume was dirty when it was mounted. */
  foundDirty: bool = false;
  /** The log has a record of an earlier mount, which must not be taken for one of this. */
  stale: bool = false;
  freeOnDisk: u32 = UNKNOWN;
  nextOnDisk: u32 = UNKNOWN;
  private dirty: bool = false;
  private stage: StaleStage = StaleStage.WRITE;

  constructor(
    private readonly disk: Disk,
    private readonly cache: SectorCache,
    private readonly geometry: Geometry,
    private readonly space: Space,
  ) {}

  /** The marks are those of a volume in use, and can be cleaned. */
  get cleanable(): bool {
    return this.dirty;
  }

  /** Reads FSInfo and the marks. Returns 0 when that is done; WRONG_FORMAT: the copy of the boot sector is of another volume. */
  read(): i32 {
    const geometry = this.geometry;
    if (geometry.bits != 32) return 0;
    // What is damaged says nothing of its order, and may not even be readable.
    let boot: u8 = STATE_DIRTY;
    let at: usize = 0;
    if (!geometry.isCopy) {
      at = this.cache.at(0);
      if (at == 0) return this.cache.status;
      boot = load<u8>(at, BOOT_STATE_OFFSET);
    }
    at = this.cache.at(geometry.fatStart);
    if (at == 0) return this.cache.status;
    // A copy may be left of a volume that something else was put over.
    if (geometry.isCopy && (load<u32>(at) & ENTRY_MASK) != (MEDIA_ENTRY | geometry.media))
      return WRONG_FORMAT;
    this.foundDirty = (boot & STATE_DIRTY) != 0 || (load<u8>(at, CLEAN_OFFSET) & CLEAN_BIT) == 0;
    if (geometry.infoSector == 0) return 0;
    at = this.cache.at(geometry.infoSector);
    if (at == 0) return this.cache.status;
    if (!isInfo(at)) {
      geometry.infoSector = 0;
      return 0;
    }
    this.freeOnDisk = load<u32>(at, INFO_FREE);
    this.nextOnDisk = load<u32>(at, INFO_NEXT);
    if (!this.foundDirty && this.freeOnDisk <= geometry.clusters) this.space.free = this.freeOnDisk;
    if (geometry.isCluster(this.nextOnDisk)) this.space.next = this.nextOnDisk;
    return 0;
  }

  /** Before the first change: 0 when the marks are in the cache. */
  markDirty(transfer: Transfer): i32 {
    if (this.dirty) return 0;
    if (this.stale) {
      const status = this.wipe(transfer);
      if (status < 0) return status;
      this.stale = false;
    }
    const status = this.set(true);
    if (status < 0) return status;
    this.dirty = true;
    return 0;
  }

  /** When all is on the disk: 0 when the marks are in the cache. */
  markClean(): i32 {
    const info = this.geometry.infoSector;
    const free = this.foundDirty ? UNKNOWN : this.space.free;
    if (info != 0 && (free != this.freeOnDisk || this.space.next != this.nextOnDisk)) {
      const at = this.cache.at(info);
      if (at == 0) return this.cache.status;
      store<u32>(at, free, INFO_FREE);
      store<u32>(at, this.space.next, INFO_NEXT);
      this.cache.touch(info);
      this.freeOnDisk = free;
      this.nextOnDisk = this.space.next;
    }
    if (!this.foundDirty) {
      const status = this.set(false);
      if (status < 0) return status;
    }
    this.dirty = false;
    return 0;
  }

  /** One bit in each: no half of a write is anything else. */
  private set(dirty: bool): i32 {
    let at = this.cache.at(0);
    if (at == 0) return this.cache.status;
    const boot = load<u8>(at, BOOT_STATE_OFFSET);
    store<u8>(at, dirty ? boot | STATE_DIRTY : boot & ~STATE_DIRTY, BOOT_STATE_OFFSET);
    this.cache.touch(0);
    const fat = this.geometry.fatStart;
    at = this.cache.at(fat);
    if (at == 0) return this.cache.status;
    const entry = load<u8>(at, CLEAN_OFFSET);
    store<u8>(at, dirty ? entry & ~CLEAN_BIT : entry | CLEAN_BIT, CLEAN_OFFSET);
    this.cache.touch(fat);
    return 0;
  }

  /** Overwrites the record, durably. */
  private wipe(transfer: Transfer): i32 {
    while (true) {
      const outcome = transfer.outcome();
      if (outcome < 0) return outcome;
      if (this.stage == StaleStage.WAIT) {
        this.stage = StaleStage.WRITE;
        return 0;
      }
      const done =
        this.stage == StaleStage.WRITE
          ? this.disk.write(
              this.geometry.logStart,
              1,
              new Uint8Array(this.geometry.sectorBytes),
              0,
              transfer,
            )
          : this.disk.flush(transfer);
      if (!done) return transfer.error != 0 ? transfer.outcome() : PENDING;
      this.stage++;
    }
  }
}

function isInfo(at: usize): bool {
  return (
    load<u32>(at) == 0x4161_5252 &&
    load<u32>(at, 484) == 0x6141_7272 &&
    load<u16>(at, 510) == 0xaa55
  );
}
