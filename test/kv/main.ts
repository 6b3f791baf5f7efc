import { Timer, TimerHandler } from "@phantasm/interfaces";
import { Devices } from "./.phantasm/devices";
import { TestRandom } from "@phantasm/kv/testing";
import { CrashRun } from "@phantasm/kv/testing-crash";
import { Forger } from "@phantasm/kv/testing-fuzz";
import { SmallStore } from "@phantasm/kv/testing-flips";
import { play } from "@phantasm/kv/testing-play";

/** Flips or forgeries of one step: between steps, memory is collected. */
const STEP_STORES: i32 = 100;

/** Goes on step by step, until it is done or something is wrong, which it says. */
class Run implements TimerHandler {
  private small: SmallStore | null = null;
  private forger: Forger | null = null;
  private at: i32;
  private readonly end: i32;

  constructor(private readonly os: Devices) {
    this.at = <i32>os.arguments.seed;
    this.end = this.at + <i32>os.arguments.count;
    os.clock.after(1, this);
  }

  onTimer(timer: Timer): void {
    const os = this.os;
    const what = os.arguments.what;
    const problem = what == "model" || what == "crash" ? this.whole(what) : this.some(what);
    if (problem != "") os.console.write(problem);
    else if (this.at < this.end) timer.set(1);
    else os.console.write("ok");
  }

  /** One seed. */
  private whole(what: string): string {
    const seed = <u64>this.at;
    this.at++;
    if (what == "model") return play(seed, 400);
    const run = new CrashRun(seed, 80, seed % 2 == 0, seed % 3 == 0);
    const random = new TestRandom(seed);
    for (let events = 0; events <= run.events; events += 1 + <i32>random.below(3)) {
      const problem = run.crash(events, random);
      if (problem != "") return problem;
    }
    run.disk.forgetJournal();
    return "";
  }

  private some(what: string): string {
    let small = this.small;
    if (small === null) {
      small = new SmallStore(this.os.arguments.log == 1);
      this.small = small;
      this.forger = new Forger(small.disk.content);
    }
    const last = min(this.end, this.at + STEP_STORES);
    for (; this.at < last; this.at++) {
      if (what == "flips") {
        if (this.at >= small.image.length * 8) break;
        const problem = small.matters(this.at) ? small.flip(this.at) : "";
        if (problem != "") return problem;
      } else {
        this.forger!.forge(new TestRandom(<u64>this.at * 2654435761 + 1));
        small.use();
        small.disk.run();
        small.restore();
      }
    }
    return "";
  }
}

export function main(os: Devices): void {
  new Run(os);
}
