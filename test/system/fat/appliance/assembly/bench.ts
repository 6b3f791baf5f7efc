import { Block, BlockHandler, MICROSECOND, OpenFlag } from "@phantasm/interfaces";
import { Event, Terminal } from "@phantasm/fibre";
import { FileHandle, Volume } from "@phantasm/storage";
import { Devices } from "../.phantasm/devices";

const TOTAL_BYTES: i32 = 64 * 1024 * 1024;
const ROUNDS: i32 = 4;
const PIECE_BYTES: i32 = 256 * 1024;

/** Waits for one request of the raw disk. */
class Wait implements BlockHandler {
  private readonly done: Event = new Event();

  onBlock(tag: i32, status: i32): void {
    assert(status == 0, "bench: a request failed");
    this.done.set();
  }

  end(answer: i32): void {
    assert(answer == 0, "bench: a request was refused");
    this.done.wait();
    this.done.reset();
  }
}

/** Bytes in a row: of a file, and of the disk below it. The disk's content beyond the middle is lost. */
export class Bench {
  private readonly buffer: Uint8Array = new Uint8Array(PIECE_BYTES);
  private readonly wait: Wait = new Wait();
  private readonly disk: Block;

  constructor(
    private readonly os: Devices,
    private readonly terminal: Terminal,
    private readonly volume: Volume,
  ) {
    this.disk = os.disk;
  }

  run(): i32 {
    const file = this.volume.open("/bench.bin", OpenFlag.WRITE | OpenFlag.CREATE);
    if (file === null) return this.volume.lastError;
    let status = 0;
    for (let round = 0; round < ROUNDS && status == 0; round++) {
      status = this.large(file);
      this.raw();
    }
    if (status == 0) status = this.small(file);
    file.close();
    return status;
  }

  private large(file: FileHandle): i32 {
    let start = this.os.clock.monotonic();
    for (let at = 0; at < TOTAL_BYTES; at += PIECE_BYTES) {
      const status = file.writeAt(at, this.buffer, 0, PIECE_BYTES);
      if (status < 0) return status;
    }
    this.print("file, written", start);
    const status = file.sync();
    if (status < 0) return status;
    start = this.os.clock.monotonic();
    for (let at = 0; at < TOTAL_BYTES; at += PIECE_BYTES) {
      const count = file.readAt(at, this.buffer, 0, PIECE_BYTES);
      if (count != PIECE_BYTES) return count;
    }
    this.print("file, read", start);
    return 0;
  }

  private small(file: FileHandle): i32 {
    let start = this.os.clock.monotonic();
    for (let i = 0; i < 1000; i++) {
      const status = file.writeAt(i * 60, this.buffer, 0, 60);
      if (status < 0) return status;
    }
    this.terminal.writeLine(`1000 writes of 60 bytes: ${this.since(start) / MICROSECOND} us`);
    start = this.os.clock.monotonic();
    for (let i = 0; i < 100; i++) {
      let status = file.writeAt(<u64>TOTAL_BYTES + i * 60, this.buffer, 0, 60);
      if (status == 0) status = file.sync();
      if (status < 0) return status;
    }
    this.terminal.writeLine(`an append with sync: ${this.since(start) / (100 * MICROSECOND)} us`);
    start = this.os.clock.monotonic();
    for (let i = 0; i < 100; i++) this.wait.end(this.disk.flush(this.wait, 0));
    this.terminal.writeLine(`a flush of the disk: ${this.since(start) / (100 * MICROSECOND)} us`);
    return 0;
  }

  private raw(): void {
    const disk = this.disk;
    const sectors = PIECE_BYTES / disk.sectorBytes;
    const from = disk.sectors / 2;
    let start = this.os.clock.monotonic();
    for (let at: u64 = 0; at < <u64>TOTAL_BYTES / disk.sectorBytes; at += sectors)
      this.wait.end(disk.write(from + at, sectors, this.buffer, 0, this.wait, 0));
    this.print("disk, written", start);
    this.wait.end(disk.flush(this.wait, 0));
    start = this.os.clock.monotonic();
    for (let at: u64 = 0; at < <u64>TOTAL_BYTES / disk.sectorBytes; at += sectors)
      this.wait.end(disk.read(from + at, sectors, this.buffer, 0, this.wait, 0));
    this.print("disk, read", start);
  }

  private since(start: i64): i64 {
    return this.os.clock.monotonic() - start;
  }

  private print(what: string, start: i64): void {
    this.terminal.writeLine(`${what}: ${(<i64>TOTAL_BYTES * 1000) / this.since(start)} MB/s`);
  }
}
