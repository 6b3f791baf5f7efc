import { Console, Timer, TimerHandler } from "@phantasm/interfaces";
import { Devices } from "./.phantasm/devices";

const TICKS: i32 = 5;

/** Counts down, one tick at a time. */
class Countdown implements TimerHandler {
  private left: i32 = TICKS;

  constructor(private readonly console: Console) {}

  onTimer(timer: Timer): void {
    this.left--;
    this.console.writeLine(this.left > 0 ? this.left.toString() : "Lift-off.");
    if (this.left == 0) timer.cancel();
  }
}

export function main(os: Devices): void {
  os.console.writeLine(TICKS.toString());
  os.clock.every(os.arguments.period, new Countdown(os.console));
}
