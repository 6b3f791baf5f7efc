import { Console, ConsoleWriter, Random } from "@phantasm/interfaces";
import { Devices } from "./.phantasm/devices";

const BALLS: i32 = 49;
const DRAWN: i32 = 6;

/** Memory is tidied up between steps, so a long job is done in portions. */
const STEP_DRAWS_MAX: i32 = 100;

/** Draws without putting back: the first steps of a Fisher-Yates shuffle, so every six are equally likely. */
function draw(random: Random): string {
  const balls = new Array<i32>(BALLS);
  for (let i = 0; i < BALLS; i++) balls[i] = i + 1;
  for (let i = 0; i < DRAWN; i++) {
    const j = i + <i32>random.below(BALLS - i);
    const ball = balls[j];
    balls[j] = balls[i];
    balls[i] = ball;
  }
  return balls.slice(0, DRAWN).join(" ");
}

/** Prints draws as fast as the console takes them. */
class Lottery implements ConsoleWriter {
  /** Drawn, but not yet taken by the console. */
  private line: string = "";

  constructor(
    private readonly console: Console,
    private readonly random: Random,
    private left: i64,
  ) {}

  onWritable(): void {
    for (let count = 0; count < STEP_DRAWS_MAX && this.left > 0; count++) {
      if (this.line == "") this.line = draw(this.random);
      if (!this.console.writeLine(this.line)) break;
      this.line = "";
      this.left--;
    }
    if (this.left > 0) this.console.whenWritable(this);
  }
}

export function main(os: Devices): void {
  new Lottery(os.console, os.random, os.arguments.draws).onWritable();
}
