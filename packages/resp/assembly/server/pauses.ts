/** CLIENT PAUSE: commands, or those that write, have to wait until it is over. */
import { Clock, MILLISECOND, Timer, TimerHandler } from "@phantasm/interfaces";
import { Command, Flag } from "../commands/table";
import { Client } from "./client";

/** A day. */
const PAUSE_MS_MAX: i64 = 86_400_000;


@final
export class Pauses implements TimerHandler {
  isOn: bool = false;
  private onlyWrites: bool = false;
  private endNs: i64 = 0;
  private timer: Timer | null = null;
  private readonly waiting: Client[] = [];

  constructor(private readonly clock: Clock) {}

  /** A pause that is under way may become longer, and stricter. */
  begin(ms: i64, onlyWrites: bool): void {
    const delayNs = min(ms, PAUSE_MS_MAX) * MILLISECOND;
    const endNs = this.clock.now() + delayNs;
    this.onlyWrites = onlyWrites && (!this.isOn || this.onlyWrites);
    if (!this.isOn || endNs > this.endNs) {
      this.endNs = endNs;
      const timer = this.timer;
      if (timer !== null) timer.set(delayNs);
      else this.timer = this.clock.after(delayNs, this);
    }
    this.isOn = true;
  }

  /** Whether a command has to wait; then its client is told when it is over. */
  holds(client: Client, command: Command, flags: i32): bool {
    // What a transaction does is not looked at: it may write.
    const writes = (flags & Flag.WRITE) != 0 || command == Command.EXEC;
    if (this.onlyWrites && !writes) return false;
    client.isPaused = true;
    this.waiting.push(client);
    return true;
  }

  /** A client is gone. */
  forget(client: Client): void {
    if (client.isPaused) this.waiting.splice(this.waiting.indexOf(client), 1);
  }

  onTimer(timer: Timer): void {
    if (this.isOn && this.clock.now() >= this.endNs) this.end();
  }

  end(): void {
    if (!this.isOn) return;
    this.isOn = false;
    this.timer!.cancel();
    while (this.waiting.length > 0) {
      const client = this.waiting.pop();
      client.isPaused = false;
      client.schedule();
    }
  }
}
