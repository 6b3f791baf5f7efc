import { Block, BlockHandler, Console } from "@phantasm/interfaces";
import { Devices } from "./.phantasm/devices";

/** Sectors of the pattern, unless the disk is smaller. */
const SECTORS_MAX: i32 = 16;

/** At the start of the pattern: "PHANTASM", then the number of boots, both little-endian. */
const MAGIC: u64 = 0x4d53_4154_4e41_4850;
const HEADER_BYTES: i32 = 16;

/** What is under way: the tag of the request. */
enum Stage {
  FIND,
  WRITE,
  FLUSH,
  VERIFY,
}

/** Looks for the pattern of the last boot, writes the next one, flushes, and reads it back. */
class Check implements BlockHandler {
  private readonly sectors: i32;
  private readonly buffer: Uint8Array;
  private boots: u64 = 0;

  constructor(
    private readonly os: Devices,
    private readonly console: Console,
    private readonly disk: Block,
  ) {
    const sectors = <i32>min<u64>(SECTORS_MAX, disk.sectors);
    this.sectors = sectors;
    this.buffer = new Uint8Array(sectors * disk.sectorBytes);
  }

  start(): void {
    const disk = this.disk;
    this.console.writeLine(`A disk of ${disk.sectors} sectors of ${disk.sectorBytes} bytes.`);
    this.submit(Stage.FIND);
  }

  onBlock(tag: i32, status: i32): void {
    if (status < 0) return this.fail(tag, status);
    if (tag == Stage.FIND) {
      this.report();
      this.fill(++this.boots);
      this.submit(Stage.WRITE);
    } else if (tag == Stage.WRITE) {
      this.submit(Stage.FLUSH);
    } else if (tag == Stage.FLUSH) {
      this.buffer.fill(0);
      this.submit(Stage.VERIFY);
    } else if (this.matches(this.boots)) {
      this.console.writeLine(`Wrote, flushed and read back ${this.buffer.length} bytes.`);
    } else {
      this.console.writeLine("What was read back is not what was written.");
      this.os.exit(1);
    }
  }

  private submit(stage: Stage): void {
    const disk = this.disk;
    let status = 0;
    if (stage == Stage.WRITE) status = disk.write(0, this.sectors, this.buffer, 0, this, stage);
    else if (stage == Stage.FLUSH) status = disk.flush(this, stage);
    else status = disk.read(0, this.sectors, this.buffer, 0, this, stage);
    if (status < 0) this.fail(stage, status);
  }

  /** Says what the last boot left. */
  private report(): void {
    const address = this.buffer.dataStart;
    if (load<u64>(address) != MAGIC) {
      this.console.writeLine("No pattern on it: this is its first boot.");
      return;
    }
    this.boots = load<u64>(address, 8);
    if (this.matches(this.boots)) {
      this.console.writeLine(`The pattern of boot ${this.boots} is intact.`);
    } else {
      this.console.writeLine(`The pattern of boot ${this.boots} is damaged.`);
      this.os.exit(1);
    }
  }

  private fill(boots: u64): void {
    const address = this.buffer.dataStart;
    store<u64>(address, MAGIC);
    store<u64>(address, boots, 8);
    for (let i = HEADER_BYTES; i < this.buffer.length; i++) this.buffer[i] = patternAt(boots, i);
  }

  private matches(boots: u64): bool {
    const address = this.buffer.dataStart;
    if (load<u64>(address) != MAGIC || load<u64>(address, 8) != boots) return false;
    for (let i = HEADER_BYTES; i < this.buffer.length; i++)
      if (this.buffer[i] != patternAt(boots, i)) return false;
    return true;
  }

  private fail(tag: i32, status: i32): void {
    const stage = tag == Stage.WRITE ? "write" : tag == Stage.FLUSH ? "flush" : "read";
    this.console.writeLine(`The ${stage} failed with error ${status}.`);
    this.os.exit(1);
  }
}

/** Differs from byte to byte, from sector to sector and from boot to boot. */
function patternAt(boots: u64, index: i32): u8 {
  return <u8>(index * 31 + (index >> 8) * 7 + <i32>boots);
}

export function main(os: Devices): void {
  new Check(os, os.console, os.disk).start();
}
