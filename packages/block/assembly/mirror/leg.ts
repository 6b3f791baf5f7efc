import { Block, CORRUPT, PENDING, WRONG_FORMAT } from "@phantasm/interfaces";
import { Opening } from "../opening";
import { Kind, Operation, WayDown } from "../operation";
import { DATA_AT, MirrorRecord, writeFormatted } from "./record";

/** Told what became of a leg. */
export interface LegOwner {
  /** Its state is decided. */
  legOpened(leg: Leg): void;
  /** Its record is durable, or it failed. */
  legRecorded(leg: Leg, status: i32): void;
}


@final
class LegOpening extends Opening {
  constructor(
    private readonly leg: Leg,
    way: WayDown,
  ) {
    super(way);
  }

  protected opened(state: i32): void {
    this.leg.decide(state);
  }

  protected formatted(sector: u64, address: usize): void {
    writeFormatted(address, sector, this.sectorBytes);
  }

  protected nextToFormat(from: u64): bool {
    this.sector = 1;
    this.sectors = <i32>DATA_AT - 1;
    return from == 1;
  }

  protected load(): void {
    this.ask(Kind.READ, 1, 2);
  }

  protected loaded(status: i32): void {
    if (status == 0 && !this.leg.record.read(this.room.dataStart, this.sectorBytes))
      status = CORRUPT;
    this.leg.decide(status);
  }
}

/** How far its record has come. */
enum Step {
  /** What was written before is made durable. */
  SETTLES,
  WRITES,
  SEALS,
}

/** One of the disks of a mirror. As an operation it is the writing of its record. */
@final
export class Leg extends Operation {
  /** PENDING, 0: in use, or why not. */
  state: i32 = PENDING;
  readonly record: MirrorRecord = new MirrorRecord();
  readonly way: WayDown;
  owner: LegOwner | null = null;
  private readonly room: Uint8Array;
  private step: Step = Step.SETTLES;

  constructor(disk: Block) {
    super();
    this.way = new WayDown(disk);
    this.room = new Uint8Array(disk.sectorBytes);
  }

  get disk(): Block {
    return this.way.disk;
  }

  open(sectorBytes: i32): void {
    const disk = this.disk;
    if (disk.state != 0) return this.decide(disk.state);
    if (disk.sectorBytes != sectorBytes || disk.sectors <= DATA_AT)
      return this.decide(WRONG_FORMAT);
    new LegOpening(this, this.way).begin();
  }

  decide(state: i32): void {
    // A record of a larger disk.
    if (state == 0 && this.record.sectors > this.disk.sectors - DATA_AT) state = WRONG_FORMAT;
    this.state = state;
    this.owner!.legOpened(this);
  }

  /** Makes the next generation of its record durable, and everything before it. */
  save(): void {
    this.step = Step.SETTLES;
    this.way.flush(this);
  }

  done(status: i32): void {
    if (status != 0 || this.step == Step.SEALS) return this.owner!.legRecorded(this, status);
    if (this.step == Step.SETTLES) {
      this.step = Step.WRITES;
      this.record.generation++;
      this.record.write(this.room.dataStart, this.room.length);
      this.move(Kind.WRITE, this.record.sector, 1, this.room, 0);
      this.way.submit(this);
    } else {
      this.step = Step.SEALS;
      this.way.flush(this);
    }
  }
}
