import { HOUR } from "@phantasm/interfaces";
import { Fibre, sleep, spawn, yieldNow } from "@phantasm/fibre";
import { Devices } from "./.phantasm/devices";

/** Yields `rounds` times at a depth of calls. */
class Switcher extends Fibre {
  constructor(
    private readonly rounds: i32,
    private readonly depth: i32,
  ) {
    super();
  }

  run(): i32 {
    return this.descend(this.depth);
  }

  private descend(depth: i32): i32 {
    if (depth == 0) {
      for (let left = this.rounds; left > 0; left--) yieldNow();
      return 0;
    }
    return this.descend(depth - 1) + 1;
  }
}

class Sleeper extends Fibre {
  run(): i32 {
    return sleep(HOUR);
  }
}

class Short extends Fibre {
  run(): i32 {
    return 0;
  }
}

/** Spawns many that end at once, some at a time. */
class Spawner extends Fibre {
  constructor(private left: i32) {
    super();
  }

  run(): i32 {
    while (this.left > 0) {
      for (let i = 0; i < 1000; i++) spawn(new Short());
      this.left -= 1000;
      yieldNow();
    }
    return 0;
  }
}

export function main(os: Devices): void {
  const work = os.arguments.work;
  const count = <i32>os.arguments.count;
  const rounds = <i32>os.arguments.rounds;
  const depth = <i32>os.arguments.depth;
  if (work == "switch") for (let i = 0; i < count; i++) spawn(new Switcher(rounds, depth));
  if (work == "sleep") for (let i = 0; i < count; i++) spawn(new Sleeper());
  if (work == "spawn") spawn(new Spawner(count));
  os.console.writeLine("ready");
}
