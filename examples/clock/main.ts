import { Clock, Console, MILLISECOND, SECOND, Timer, TimerHandler } from "@phantasm/interfaces";
import { Devices } from "./.phantasm/devices";

/** `12:34:56Z` of a time in ns since 1970. */
function timeOfDay(wallNs: i64): string {
  const seconds = wallNs / SECOND;
  return `${two((seconds / 3600) % 24)}:${two((seconds / 60) % 60)}:${two(seconds % 60)}Z`;
}

function two(value: i64): string {
  return value.toString().padStart(2, "0");
}

/** Prints a line at each tick; the image ends with its timer. */
class Ticker implements TimerHandler {
  private count: i64 = 0;
  private readonly startNs: i64;

  constructor(
    private readonly clock: Clock,
    private readonly console: Console,
    private readonly ticks: i64,
  ) {
    this.startNs = clock.now();
  }

  onTimer(timer: Timer): void {
    const elapsedMs = (this.clock.now() - this.startNs) / MILLISECOND;
    this.count += 1 + timer.missed;
    this.console.writeLine(`tick ${this.count} after ${elapsedMs} ms`);
    if (this.count >= this.ticks) timer.cancel();
  }
}

export function main(os: Devices): void {
  os.console.writeLine(`It is ${timeOfDay(os.clock.wall())}.`);
  const ticker = new Ticker(os.clock, os.console, os.arguments.ticks);
  os.clock.every(os.arguments.period, ticker);
}
