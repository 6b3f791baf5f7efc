import { Block, BlockHandler, BlockWaiter, Errno, PENDING } from "@phantasm/interfaces";
import { TestRandom } from "@phantasm/testing/random";
import { Devices } from "./.phantasm/devices";

/** Tag of the flush. */
const FLUSH: i32 = -1;

/** Keeps some requests at random places in flight, and says how many ns all of them took. */
class Bench implements BlockHandler, BlockWaiter {
  private readonly random: TestRandom = new TestRandom(1);
  private readonly buffers: Uint8Array[] = [];
  /** Slots whose request was AGAIN. */
  private readonly refused: i32[] = [];
  private waits: bool = false;
  private sectors: i32 = 0;
  private places: u32 = 0;
  private submitted: i32 = 0;
  private done: i32 = 0;
  private startNs: i64 = 0;

  constructor(
    private readonly os: Devices,
    private readonly disk: Block,
  ) {}

  onBlockReady(): void {
    this.waits = false;
    if (this.startNs == 0) return this.begin();
    while (this.refused.length > 0) if (!this.ask(this.refused.pop())) return;
  }

  /** Once the disk is open. */
  begin(): void {
    const options = this.os.arguments;
    const disk = this.disk;
    if (disk.state == PENDING) return disk.whenReady(this);
    assert(disk.state == 0, "the disk cannot be opened");
    this.sectors = <i32>options.bytes / disk.sectorBytes;
    this.places = <u32>(disk.sectors / this.sectors);
    this.startNs = this.os.clock.monotonic();
    for (let slot = 0; slot < <i32>options.depth; slot++) {
      const buffer = new Uint8Array(<i32>options.bytes);
      buffer.fill(<u8>(slot + 1));
      this.buffers.push(buffer);
    }
    for (let slot = 0; slot < this.buffers.length; slot++) this.submit(slot);
  }

  onBlock(slot: i32, status: i32): void {
    assert(status == 0, "a request failed");
    if (slot == FLUSH) return this.report();
    if (++this.done < <i32>this.os.arguments.count) return this.submit(slot);
    if (!this.os.arguments.write) return this.report();
    assert(this.disk.flush(this, FLUSH) == 0, "a flush was refused");
  }

  private submit(slot: i32): void {
    const options = this.os.arguments;
    if (this.submitted == <i32>options.count) return;
    this.submitted++;
    this.ask(slot);
  }

  /** False: the disk takes none now, and says when. */
  private ask(slot: i32): bool {
    const options = this.os.arguments;
    const sector = <u64>this.random.below(this.places) * this.sectors;
    const buffer = this.buffers[slot];
    const status = options.write
      ? this.disk.write(sector, this.sectors, buffer, 0, this, slot)
      : this.disk.read(sector, this.sectors, buffer, 0, this, slot);
    if (status == Errno.AGAIN) {
      this.refused.push(slot);
      if (!this.waits) this.disk.whenReady(this);
      this.waits = true;
      return false;
    }
    assert(status == 0, "a request was refused");
    return true;
  }

  private report(): void {
    this.os.console.writeLine(`${this.os.clock.monotonic() - this.startNs}`);
  }
}

function layerOf(os: Devices): Block {
  const name = os.arguments.layer;
  if (name == "sliced") return os.sliced;
  if (name == "timed") return os.timed;
  if (name == "cached") return os.cached;
  if (name == "overlaid") return os.overlaid;
  if (name == "overlaidInMemory") return os.overlaidInMemory;
  if (name == "checked") return os.checked;
  if (name == "mirrored") return os.mirrored;
  if (name == "ram") return os.ram;
  assert(name == "bare", "there is no such layer");
  return os.bare;
}

export function main(os: Devices): void {
  new Bench(os, layerOf(os)).begin();
}
