import { FrameHandler, SECOND, Timer, TimerHandler } from "@phantasm/interfaces";
import { Devices } from "./.phantasm/devices";
import { Frame, Kind, isFrame } from "./frame";

/** The last answer may be lost: whoever answered it stays for this time, in case it is asked again. */
const LINGER_NS: i64 = SECOND;

/** Sends every frame that asks back to where it came from. */
export class Pong implements FrameHandler, TimerHandler {
  private answered: i64 = 0;
  private linger: Timer | null = null;

  constructor(
    private readonly os: Devices,
    private readonly count: i64,
  ) {}

  start(): void {
    this.os.link.receive(this);
  }

  onFrame(buffer: Uint8Array, offset: i32, length: i32): void {
    if (!isFrame(buffer, offset, length)) return;
    const frame = new Frame(buffer, offset);
    const number = frame.number;
    if (frame.kind != Kind.PING) return;
    frame.turnAround();
    frame.fill(this.os.link.mac, Kind.PONG, number);
    this.os.link.send(buffer, offset, length);
    if (<i64>number < this.answered) return;
    this.answered = <i64>number + 1;
    if (this.answered == this.count) this.linger = this.os.clock.after(LINGER_NS, this);
  }

  onTimer(timer: Timer): void {
    this.os.link.stop();
    this.os.console.writeLine(`pong: ${this.answered} answered`);
  }

  onGone(): void {
    this.os.console.writeLine("The link is gone.");
    this.os.exit(1);
  }
}
