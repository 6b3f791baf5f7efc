import { Block, BlockHandler } from "@phantasm/interfaces";
import { Task, hold, ready, release } from "@phantasm/runtime";
import { Devices } from "./.phantasm/devices";

let state: u64 = 88172645463325252;

/** xorshift64 (Marsaglia 2003) */
function below(bound: u64): u64 {
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return state % bound;
}

/** Keeps some requests in flight until it has made them all. */
class Bench implements BlockHandler {
  private readonly buffers: Uint8Array[] = [];
  private readonly sectors: i32;
  private readonly places: u64;
  private submitted: i32 = 0;
  private done: i32 = 0;
  private readonly startNs: i64;

  constructor(
    private readonly os: Devices,
    private readonly disk: Block,
  ) {
    const options = os.arguments;
    this.sectors = <i32>options.bytes / disk.sectorBytes;
    this.places = disk.sectors / this.sectors;
    this.startNs = os.clock.monotonic();
    for (let slot = 0; slot < <i32>options.depth; slot++) {
      const buffer = new Uint8Array(<i32>options.bytes);
      buffer.fill(<u8>(slot + 1));
      this.buffers.push(buffer);
    }
    for (let slot = 0; slot < this.buffers.length; slot++) this.submit(slot);
  }

  onBlock(slot: i32, status: i32): void {
    assert(status == 0, "a request failed");
    if (++this.done == <i32>this.os.arguments.count) return this.report();
    if (this.os.arguments.apart) {
      hold();
      ready(new Later(this, slot));
    } else this.submit(slot);
  }

  submit(slot: i32): void {
    const options = this.os.arguments;
    if (this.submitted == <i32>options.count) return;
    const place = options.sequential ? <u64>this.submitted % this.places : below(this.places);
    const sector = place * this.sectors;
    const buffer = this.buffers[slot];
    this.submitted++;
    const status = options.write
      ? this.disk.write(sector, this.sectors, buffer, 0, this, slot)
      : this.disk.read(sector, this.sectors, buffer, 0, this, slot);
    assert(status == 0, "a request was refused");
  }

  private report(): void {
    this.os.console.writeLine(`${this.os.clock.monotonic() - this.startNs}`);
  }
}

/** Submits from the run queue, as a fibre does that waits for each request. */
class Later extends Task {
  constructor(
    private readonly bench: Bench,
    private readonly slot: i32,
  ) {
    super();
  }

  performTask(): void {
    release();
    this.bench.submit(this.slot);
  }
}

export function main(os: Devices): void {
  new Bench(os, os.disk);
}
