import { Errno, errorText } from "@phantasm/interfaces";
import { Disk } from "@phantasm/storage";
import { Devices } from "./.phantasm/devices";
import { Many } from "./many";
import { bootsIn, fillPattern, hasPattern } from "./pattern";

/** Sectors of the pattern, unless the disk is smaller; the rest of the disk is overwritten. */
const PATTERN_SECTORS: i32 = 16;

/** Bytes of the largest transfer that is tried: more than a request moves. */
const TRANSFER_BYTES_MAX: i32 = 2 << 20;

class Check {
  private readonly disk: Disk;
  private boots: u64 = 0;

  constructor(private readonly os: Devices) {
    this.disk = new Disk(os.disk);
  }

  /** False: it has said what is wrong. */
  run(): bool {
    const disk = this.disk;
    if (!this.is(disk.open(), "open the disk")) return false;
    this.say(`A disk of ${disk.sectors} sectors of ${disk.sectorBytes} bytes.`);
    const pattern = new Uint8Array(<i32>min<u64>(PATTERN_SECTORS, disk.sectors) * disk.sectorBytes);
    if (!this.survived(pattern)) return false;
    if (!disk.raw.writable) {
      this.say("It is read-only: nothing else is tried.");
      return true;
    }
    if (disk.sectors > <u64>PATTERN_SECTORS)
      if (!this.sizes() || !this.edges() || !this.manyAtOnce() || !this.discards()) return false;
    return this.write(pattern);
  }

  /** Looks for what the last boot left. */
  private survived(pattern: Uint8Array): bool {
    const sectors = pattern.length / this.disk.sectorBytes;
    if (!this.is(this.disk.read(0, sectors, pattern), "read")) return false;
    const boots = bootsIn(pattern);
    this.boots = boots;
    if (boots == 0) this.say("No pattern on it: this is its first boot.");
    else if (!hasPattern(pattern, boots))
      return this.wrong(`The pattern of boot ${boots} is damaged.`);
    else this.say(`The pattern of boot ${boots} is intact.`);
    return true;
  }

  /** Transfers of 1, 2, 4 … sectors. */
  private sizes(): bool {
    const disk = this.disk;
    const room = min<u64>(disk.sectors - PATTERN_SECTORS, TRANSFER_BYTES_MAX / disk.sectorBytes);
    let sectors = 1;
    for (; <u64>sectors <= room; sectors *= 2) {
      const buffer = new Uint8Array(sectors * disk.sectorBytes);
      fillPattern(buffer, this.boots + sectors);
      if (!this.is(disk.write(PATTERN_SECTORS, sectors, buffer), `write ${sectors} sectors`))
        return false;
      buffer.fill(0);
      if (!this.is(disk.read(PATTERN_SECTORS, sectors, buffer), `read ${sectors} sectors`))
        return false;
      if (!hasPattern(buffer, this.boots + sectors))
        return this.wrong(`What was read back of ${sectors} sectors is not what was written.`);
    }
    this.say(`Transfers of 1 to ${sectors / 2} sectors are read back as they were written.`);
    return true;
  }

  private edges(): bool {
    const disk = this.disk;
    const buffer = new Uint8Array(2 * disk.sectorBytes);
    const last = disk.sectors - 1;
    if (!this.is(disk.write(last, 1, buffer), "write the last sector")) return false;
    if (!this.is(disk.read(last, 1, buffer), "read the last sector")) return false;
    if (disk.read(last, 2, buffer) != Errno.RANGE || disk.write(last, 2, buffer) != Errno.RANGE)
      return this.wrong("The sector behind the last one is not refused.");
    this.say("The last sector can be used, and the one behind it is refused.");
    return true;
  }

  private manyAtOnce(): bool {
    const raw = this.disk.raw;
    const sectors = <i32>min<u64>(raw.sectors - PATTERN_SECTORS, raw.requestsMax + 1);
    const buffer = new Uint8Array(sectors * raw.sectorBytes);
    fillPattern(buffer, this.boots + 1000);
    const many = new Many(raw, PATTERN_SECTORS, sectors);
    if (!this.is(many.run(true, buffer), "write many at once")) return false;
    const written = many.accepted * raw.sectorBytes;
    const expected = buffer.slice(0, written);
    buffer.fill(0);
    if (!this.is(many.run(false, buffer), "read many at once")) return false;
    const same = memory.compare(buffer.dataStart, expected.dataStart, written) == 0;
    if (many.accepted * raw.sectorBytes < written || !same)
      return this.wrong("Requests that were made at once got in each other's way.");
    const then = many.wasFull ? ", and no more" : "";
    this.say(`It takes ${many.accepted} requests at once${then}, and reports each of them once.`);
    return true;
  }

  private discards(): bool {
    const disk = this.disk;
    const sectors = <i32>min<u64>(disk.sectors - PATTERN_SECTORS, 64);
    if (!this.is(disk.discard(PATTERN_SECTORS, sectors), "discard")) return false;
    const what = disk.raw.discards ? "carried out" : "accepted, and have no effect";
    this.say(`Discards are ${what}.`);
    return true;
  }

  /** Writes the pattern of this boot, and makes it durable. */
  private write(pattern: Uint8Array): bool {
    const disk = this.disk;
    const sectors = pattern.length / disk.sectorBytes;
    fillPattern(pattern, ++this.boots);
    if (!this.is(disk.write(0, sectors, pattern), "write")) return false;
    if (!this.is(disk.flush(), "flush")) return false;
    pattern.fill(0);
    if (!this.is(disk.read(0, sectors, pattern), "read")) return false;
    if (!hasPattern(pattern, this.boots))
      return this.wrong("What was read back is not what was written.");
    this.say(`Wrote, flushed and read back ${pattern.length} bytes.`);
    return true;
  }

  /** True for 0; else it says what could not be done, and why. */
  private is(status: i32, what: string): bool {
    return status == 0 || this.wrong(`It could not ${what}: ${errorText(status)}.`);
  }

  private wrong(text: string): bool {
    this.say(text);
    return false;
  }

  private say(text: string): void {
    this.os.console.writeLine(text);
  }
}

export function main(os: Devices): void {
  if (!new Check(os).run()) os.exit(1);
}
