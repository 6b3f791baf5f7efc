import { FrameHandler, MILLISECOND, Timer, TimerHandler } from "@phantasm/interfaces";
import { Devices } from "./.phantasm/devices";
import { Frame, Kind, isFrame } from "./frame";

/** Links lose frames, and the other side may not have booted yet: ask again after this time. */
const RETRY_NS: i64 = 100 * MILLISECOND;

/** Sends a numbered frame, waits for its answer, and sends the next. */
export class Ping implements FrameHandler, TimerHandler {
  private readonly frame: Frame = Frame.make();
  private number: u32 = 0;
  private retry: Timer | null = null;

  constructor(
    private readonly os: Devices,
    private readonly count: i64,
  ) {}

  start(): void {
    this.os.link.receive(this);
    this.retry = this.os.clock.every(RETRY_NS, this);
    this.send();
  }

  onTimer(timer: Timer): void {
    this.send();
  }

  onFrame(buffer: Uint8Array, offset: i32, length: i32): void {
    if (!isFrame(buffer, offset, length)) return;
    const answer = new Frame(buffer, offset);
    if (answer.kind != Kind.PONG || answer.number != this.number) return;
    this.number++;
    if (<i64>this.number < this.count) {
      this.retry!.set(RETRY_NS);
      this.send();
    } else {
      this.os.link.stop();
      this.finish();
    }
  }

  onGone(): void {
    this.os.console.writeLine("The link is gone.");
    this.os.exit(1);
  }

  private send(): void {
    const link = this.os.link;
    this.frame.toEveryone();
    this.frame.fill(link.mac, Kind.PING, this.number);
    // A frame that is refused is a lost frame.
    link.send(this.frame.buffer, this.frame.offset, this.frame.length);
  }

  private finish(): void {
    this.retry!.cancel();
    this.os.console.writeLine(`ping: ${this.number} answers`);
  }
}
