import { xxh64 } from "@phantasm/checksum";
import { errorText } from "@phantasm/interfaces";
import { Disk } from "@phantasm/storage";
import { Devices } from "./.phantasm/devices";

/** A ticket, little-endian, at the start of its sector: "LOTTERY1", slot, draws, wins, last number, checksum. */
const MAGIC: u64 = 0x3159_5245_5454_4f4c;
const SLOT: usize = 8;
const DRAWS: usize = 16;
const WINS: usize = 24;
const LAST: usize = 32;
const CHECKSUM: usize = 40;

const NUMBERS: u32 = 6;

/** One sector of the disk, and the ticket in it. Who draws the number of the last boot wins. */
class Ticket {
  private readonly sector: Uint8Array;

  constructor(
    private readonly disk: Disk,
    private readonly slot: u64,
  ) {
    this.sector = new Uint8Array(disk.sectorBytes);
  }

  /** 0, or an error; a ticket that somebody forged, or that was damaged, is told from a blank one. */
  read(): i32 {
    return this.disk.read(this.slot, 1, this.sector);
  }

  get isBlank(): bool {
    for (let i = 0; i < this.sector.length; i++) if (this.sector[i] != 0) return false;
    return true;
  }

  get isGood(): bool {
    const at = this.sector.dataStart;
    return (
      load<u64>(at) == MAGIC &&
      load<u64>(at, SLOT) == this.slot &&
      load<u64>(at, CHECKSUM) == xxh64(at, CHECKSUM, this.slot)
    );
  }

  get draws(): u64 {
    return load<u64>(this.sector.dataStart, DRAWS);
  }

  get wins(): u64 {
    return load<u64>(this.sector.dataStart, WINS);
  }

  get last(): u64 {
    return load<u64>(this.sector.dataStart, LAST);
  }

  /** Notes a number. The ticket is on the disk when 0 is returned. */
  note(number: u64): i32 {
    const at = this.sector.dataStart;
    store<u64>(at, this.wins + u64(number == this.last), WINS);
    store<u64>(at, MAGIC);
    store<u64>(at, this.slot, SLOT);
    store<u64>(at, this.draws + 1, DRAWS);
    store<u64>(at, number, LAST);
    store<u64>(at, xxh64(at, CHECKSUM, this.slot), CHECKSUM);
    return this.keep();
  }

  tear(): i32 {
    this.sector.fill(0);
    return this.keep();
  }

  private keep(): i32 {
    const outcome = this.disk.write(this.slot, 1, this.sector);
    return outcome != 0 ? outcome : this.disk.flush();
  }
}

/** The status of the image. */
function play(os: Devices): i32 {
  const disk = new Disk(os.disk);
  let outcome = disk.open();
  if (outcome != 0) return failed(os, "open the disk", outcome);
  if (os.arguments.reset) {
    for (let slot: u64 = 0; slot < disk.sectors && outcome == 0; slot++) {
      outcome = new Ticket(disk, slot).tear();
    }
    if (outcome != 0) return failed(os, "tear up the tickets", outcome);
  }
  const slot = <u64>os.arguments.slot;
  if (slot >= disk.sectors) {
    os.console.writeLine(`There is no slot ${slot}: the disk has ${disk.sectors}.`);
    return 2;
  }
  const ticket = new Ticket(disk, slot);
  outcome = ticket.read();
  if (outcome != 0) return failed(os, "read the ticket", outcome);
  const fresh = ticket.isBlank;
  if (!fresh && !ticket.isGood) {
    os.console.writeLine(`The ticket in slot ${slot} is forged or damaged: no draw.`);
    return 1;
  }
  const last = ticket.last;
  const number = os.random.below(NUMBERS) + 1;
  outcome = ticket.note(number);
  if (outcome != 0) return failed(os, "keep the ticket", outcome);
  if (fresh) os.console.writeLine(`Slot ${slot}: a new ticket. Your number is ${number}.`);
  else {
    const luck = number == last ? "you win" : "no luck";
    os.console.writeLine(`Slot ${slot}: your number was ${last}, today's is ${number}: ${luck}.`);
  }
  os.console.writeLine(`${ticket.draws} draws, ${ticket.wins} won.`);
  return 0;
}

function failed(os: Devices, what: string, error: i32): i32 {
  os.console.writeLine(`Could not ${what}: ${errorText(error)}.`);
  return 1;
}

export function main(os: Devices): void {
  os.exit(play(os));
}
