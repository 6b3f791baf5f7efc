import { Block, BlockHandler, errorText } from "@phantasm/interfaces";
import { Devices } from "./.phantasm/devices";

/** The requests, one after the other. */
enum Stage {
  READ,
  WRITE,
  FLUSH,
}

/** Keeps a number in the first sector: how often a disk was booted from. */
class BootCounter implements BlockHandler {
  private readonly disk: Block;
  private readonly sector: Uint8Array;

  constructor(private readonly os: Devices) {
    this.disk = os.disk;
    this.sector = new Uint8Array(os.disk.sectorBytes);
  }

  start(): void {
    this.check(this.disk.read(0, 1, this.sector, 0, this, Stage.READ));
  }

  onBlock(stage: i32, status: i32): void {
    if (!this.check(status)) return;
    if (stage == Stage.READ) {
      const boots = load<u64>(this.sector.dataStart) + 1;
      store<u64>(this.sector.dataStart, boots);
      this.os.console.writeLine("Boot " + boots.toString() + " of this disk.");
      this.check(this.disk.write(0, 1, this.sector, 0, this, Stage.WRITE));
    } else if (stage == Stage.WRITE) {
      this.check(this.disk.flush(this, Stage.FLUSH));
    }
  }

  /** A request may be refused at once, or fail later: either way the status is negative. */
  private check(status: i32): bool {
    if (status >= 0) return true;
    this.os.console.writeLine("The disk cannot be used: " + errorText(status) + ".");
    this.os.exit(1);
    return false;
  }
}

export function main(os: Devices): void {
  new BootCounter(os).start();
}
