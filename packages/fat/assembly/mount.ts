/** What happens before the first operation, and when there is nothing else to do. */
import { Block, Clock, PENDING, WRONG_FORMAT } from "@phantasm/interfaces";
import {
  BOOT_BYTES,
  BOOT_COPY_SECTOR,
  SECTOR_BYTES_MAX,
  SECTOR_BYTES_MIN,
  parseBootCopy,
  parseBootSector,
} from "./boot-sector";
import { Disk, Transfer } from "./disk";
import { LogState } from "./log";
import { Nodes } from "./node";
import { Operation } from "./operation";
import { Volume } from "./volume";

enum MountStage {
  READ_BOOT,
  PARSE_BOOT,
  READ_MARKS,
  READ_LOG,
  PARSE_LOG,
  VERIFY,
  APPLY,
  WRITE,
  FLUSH,
  FLUSHED,
  DONE,
}

/** Finds the volume of a device, and finishes what a crash has interrupted: at most as much as fits into the log. */
@final
export class Mount {
  volume: Volume | null = null;
  private stage: MountStage = MountStage.READ_BOOT;
  private readonly boot: Uint8Array;
  /** 0: the first sector is looked at; else its copy, in a volume with sectors of this size. */
  private copySectorBytes: u32 = 0;
  /** Why the first sector would not do. */
  private firstError: i32 = 0;

  constructor(
    private readonly disk: Disk,
    private readonly nodes: Nodes,
    private readonly clock: Clock,
    private readonly cacheBytes: i32,
    private readonly slotsMin: i32,
    private readonly transfer: Transfer,
  ) {
    this.boot = new Uint8Array(max(BOOT_BYTES, disk.block.sectorBytes));
  }

  /** Call until it returns 0, or why not. */
  proceed(): i32 {
    while (this.stage < MountStage.DONE) {
      const status = this.one();
      if (status < 0) return status;
    }
    return 0;
  }

  private one(): i32 {
    const outcome = this.transfer.outcome();
    if (outcome < 0)
      return outcome != PENDING && this.stage == MountStage.PARSE_BOOT
        ? this.tryCopy(outcome)
        : outcome;
    const stage = this.stage++;
    const status = this.begin(stage);
    if (status < 0) this.stage = stage;
    return status;
  }

  private begin(stage: MountStage): i32 {
    const volume = this.volume;
    if (stage == MountStage.READ_BOOT) {
      if (this.disk.block.state == 0 && this.disk.block.sectors == 0) return WRONG_FORMAT;
      const factor = this.copySectorBytes / <u32>this.disk.block.sectorBytes;
      if (this.disk.read(BOOT_COPY_SECTOR * factor, 1, this.boot, 0, this.transfer)) return 0;
      return this.transfer.error != 0 ? this.transfer.error : PENDING;
    }
    if (volume === null) return this.parse();
    switch (stage) {
      case MountStage.READ_MARKS:
        return volume.marks.read();
      case MountStage.READ_LOG:
        return volume.geometry.logStart == 0 ? this.finish() : volume.log.load(this.transfer);
      case MountStage.PARSE_LOG:
        return this.parseLog(volume);
      case MountStage.VERIFY:
        return this.verify(volume);
      case MountStage.APPLY:
        return this.apply(volume);
      case MountStage.WRITE:
        return volume.cache.writeBack();
      case MountStage.FLUSH:
        if (!this.disk.flush(this.transfer))
          return this.transfer.error != 0 ? this.transfer.error : PENDING;
        this.disk.unflushed = false;
        return 0;
      default:
        return this.finish();
    }
  }

  private parse(): i32 {
    const block = this.disk.block;
    const bytes = block.sectors * <u64>block.sectorBytes;
    const at = this.boot.dataStart;
    const copySectorBytes = this.copySectorBytes;
    const geometry =
      copySectorBytes == 0
        ? parseBootSector(at, bytes, block.sectorBytes)
        : parseBootCopy(at, copySectorBytes, bytes, block.sectorBytes);
    if (geometry === null) return this.tryCopy(WRONG_FORMAT);
    if (!this.disk.useSectorBytes(geometry.sectorBytes)) return WRONG_FORMAT;
    const slots = max(this.slotsMin, this.cacheBytes / geometry.sectorBytes);
    this.volume = new Volume(this.disk, geometry, this.nodes, this.clock, slots);
    return 0;
  }

  /**
   * What was read is no boot sector, or could not be read: looks for the copy next, which lies elsewhere for each
   * size of a sector. Returns 0, or why there is no volume.
   */
  private tryCopy(error: i32): i32 {
    const block = this.disk.block;
    const isFirst = this.copySectorBytes == 0;
    if (isFirst) this.firstError = error;
    const sectorBytes = isFirst
      ? max(SECTOR_BYTES_MIN, <u32>block.sectorBytes)
      : this.copySectorBytes << 1;
    const end = <u64>(BOOT_COPY_SECTOR + 1) * sectorBytes;
    if (sectorBytes > SECTOR_BYTES_MAX || end > block.sectors * <u64>block.sectorBytes)
      return this.firstError;
    this.copySectorBytes = sectorBytes;
    this.stage = MountStage.READ_BOOT;
    return 0;
  }

  private parseLog(volume: Volume): i32 {
    const state = volume.log.parse();
    // Without a log nothing is written, and never over what is not ours.
    if (state == LogState.FOREIGN) return this.finish();
    // Who damaged the boot sector may have damaged more: the operator puts the copy back, and has fsck look.
    volume.writable = this.disk.block.writable && !volume.geometry.isCopy;
    if (state == LogState.NONE) return this.finish();
    if (volume.marks.foundDirty && volume.log.fits()) return 0;
    return this.outdated(volume);
  }

  /** The record is of an earlier time: somebody has put the volume in order since, or used it. */
  private outdated(volume: Volume): i32 {
    volume.log.clear();
    volume.marks.stale = true;
    return this.finish();
  }

  private verify(volume: Volume): i32 {
    const status = volume.log.verify();
    if (status < 0) return status;
    return status == 1 ? 0 : this.outdated(volume);
  }

  private apply(volume: Volume): i32 {
    const status = volume.log.apply(volume.writable);
    if (status < 0) return status;
    if (volume.writable) {
      volume.log.clear();
      return 0;
    }
    volume.cache.overlay = volume.log;
    return this.finish();
  }

  private finish(): i32 {
    this.stage = MountStage.DONE;
    return 0;
  }
}

enum SettleStage {
  FILES,
  WRITE,
  FLUSH,
  WAIT,
  CLEAN,
  WRITE_CLEAN,
}

/**
 * When nothing is asked for: closes what was left open by a `close`, brings everything to its place, and says on
 * the volume that it is in order. Gives way to others once no file needs it any more. Call until it returns 0.
 */
export function settle(volume: Volume, operation: Operation, others: bool): i32 {
  while (operation.stage <= SettleStage.WRITE_CLEAN) {
    let status = 0;
    switch (operation.stage) {
      case SettleStage.FILES:
        status = closeFiles(volume, operation);
        if (status == 0) operation.exclusive = false;
        break;
      case SettleStage.WRITE:
        if (others) return 0;
        status = volume.cache.writeBack();
        break;
      case SettleStage.FLUSH:
        if (others) return 0;
        if (!volume.disk.unflushed) break;
        if (volume.disk.flush(operation.transfer)) volume.disk.unflushed = false;
        else status = operation.transfer.error != 0 ? operation.transfer.error : PENDING;
        break;
      case SettleStage.WAIT:
        status = operation.transfer.outcome();
        break;
      case SettleStage.CLEAN:
        if (others) return 0;
        status = volume.marks.markClean();
        break;
      default:
        return volume.cache.writeBack();
    }
    if (status < 0) return status;
    operation.stage++;
  }
  return 0;
}

function closeFiles(volume: Volume, operation: Operation): i32 {
  let node = volume.nodes.abandoned();
  while (node !== null) {
    if (!node.gone) {
      const status = volume.commitNode(node, operation.transfer);
      if (status < 0) return status;
    }
    node.used = false;
    node = volume.nodes.abandoned();
  }
  return 0;
}
