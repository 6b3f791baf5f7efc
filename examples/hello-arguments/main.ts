import { Clock, Console, Timer, TimerHandler } from "@phantasm/interfaces";
import { Devices } from "./.phantasm/devices";

/** Prints a line a number of times, with a pause in between. */
class Greeter implements TimerHandler {
  constructor(
    private readonly console: Console,
    private readonly text: string,
    private left: i64,
  ) {}

  start(clock: Clock, pauseNs: i64): void {
    this.greet();
    if (this.left > 0) clock.every(max(pauseNs, 1), this);
  }

  onTimer(timer: Timer): void {
    this.greet();
    if (this.left == 0) timer.cancel();
  }

  private greet(): void {
    this.console.writeLine(this.text);
    this.left--;
  }
}

export function main(os: Devices): void {
  const values = os.arguments;
  const name = values.name;
  const text = `${values.greeting}, ${name === null ? "world" : name}!`;
  const password = values.password;
  if (password !== null) os.console.writeLine(`The password has ${password.length} characters.`);
  const greeter = new Greeter(os.console, values.shout ? text.toUpperCase() : text, values.times);
  greeter.start(os.clock, values.pause);
}
