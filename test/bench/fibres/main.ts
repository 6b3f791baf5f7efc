import { HOUR } from "@phantasm/interfaces";
import { Channel, Fibre, sleep, spawn, yieldNow } from "@phantasm/fibre";
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

/** Adds one to what it receives, and sends it on. */
class Stage extends Fibre {
  constructor(
    private readonly input: Channel<i32>,
    private readonly output: Channel<i32>,
  ) {
    super("stage");
  }

  run(): i32 {
    while (this.input.receive() == 0) this.output.send(this.input.value + 1);
    this.output.close();
    return 0;
  }
}

class Source extends Fibre {
  constructor(
    private readonly output: Channel<i32>,
    private readonly count: i32,
  ) {
    super("source");
  }

  run(): i32 {
    for (let i = 0; i < this.count; i++) this.output.send(i);
    this.output.close();
    return 0;
  }
}

class Sink extends Fibre {
  constructor(
    private readonly os: Devices,
    private readonly input: Channel<i32>,
  ) {
    super("sink");
  }

  run(): i32 {
    let sum: i64 = 0;
    while (this.input.receive() == 0) sum += this.input.value;
    this.os.console.writeLine(sum.toString());
    return 0;
  }
}

/** A source, `stages` stages and a sink, with room for `room` numbers between two of them. */
function pipeline(os: Devices, count: i32, stages: i32, room: i32): void {
  let input = new Channel<i32>(room);
  spawn(new Source(input, count));
  for (let i = 0; i < stages; i++) {
    const output = new Channel<i32>(room);
    spawn(new Stage(input, output));
    input = output;
  }
  spawn(new Sink(os, input));
}

export function main(os: Devices): void {
  const work = os.arguments.work;
  const count = <i32>os.arguments.count;
  const rounds = <i32>os.arguments.rounds;
  const depth = <i32>os.arguments.depth;
  if (work == "switch") for (let i = 0; i < count; i++) spawn(new Switcher(rounds, depth));
  if (work == "sleep") for (let i = 0; i < count; i++) spawn(new Sleeper());
  if (work == "pipeline") pipeline(os, count, depth, rounds);
  if (work == "spawn") spawn(new Spawner(count));
  os.console.writeLine("ready");
}
