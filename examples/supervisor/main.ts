import { CANCELLED, ChildFactory, Fibre, Supervisor, sleep } from "@phantasm/fibre";
import { Console, MILLISECOND } from "@phantasm/interfaces";
import { Devices } from "./.phantasm/devices";

/** An error of this application; the library OS has those from -1 to -255. */
const BROKEN: i32 = -1000;

let failuresLeft: i32 = 0;

/** Fails some times before it does its work. */
class Flaky extends Fibre {
  constructor(private readonly console: Console) {
    super("flaky");
  }

  run(): i32 {
    sleep(10 * MILLISECOND);
    if (failuresLeft > 0) {
      failuresLeft--;
      return BROKEN;
    }
    this.console.writeLine("flaky: done");
    return 0;
  }
}

class FlakyFactory implements ChildFactory {
  constructor(private readonly console: Console) {}

  create(): Fibre {
    return new Flaky(this.console);
  }
}

/** Works until it is cancelled, and then cleans up. */
class Steady extends Fibre {
  private turns: i32 = 0;

  constructor(private readonly console: Console) {
    super("steady");
  }

  run(): i32 {
    while (this.turns < 20 && sleep(50 * MILLISECOND) == 0) this.turns++;
    if (!this.cancelled) {
      this.console.writeLine("steady: done");
      return 0;
    }
    // It was told to end; from here on its waits work again.
    this.shield();
    sleep(5 * MILLISECOND);
    this.console.writeLine("steady: cleaned up");
    return CANCELLED;
  }
}

class SteadyFactory implements ChildFactory {
  constructor(private readonly console: Console) {}

  create(): Fibre {
    return new Steady(this.console);
  }
}

class Telling extends Supervisor {
  constructor(private readonly console: Console) {
    super();
    this.restartsMax = 4;
    this.restartDelayMinNs = 20 * MILLISECOND;
  }

  restarting(fibre: Fibre, delayNs: i64): void {
    this.console.writeLine(
      `${fibre.name}: failed with ${fibre.result}, starts again in ${delayNs / MILLISECOND} ms`,
    );
  }
}

export function main(os: Devices): void {
  failuresLeft = <i32>os.arguments.failures;
  const supervisor = new Telling(os.console);
  supervisor.add(new SteadyFactory(os.console)).add(new FlakyFactory(os.console));
  const outcome = supervisor.run();
  os.console.writeLine(outcome == 0 ? "all done" : `gave up: ${outcome}`);
  os.exit(outcome == 0 ? 0 : 1);
}
