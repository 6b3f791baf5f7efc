import { Console, MILLISECOND, Timer, TimerHandler } from "@phantasm/interfaces";
import { Channel, Fibre, Group, sleep, within } from "@phantasm/fibre";
import { Devices } from "./.phantasm/devices";

class Job {
  constructor(
    readonly from: string,
    readonly number: i32,
  ) {}
}

/** Makes jobs as fast as they are taken: a full channel makes it wait. */
class Producer extends Fibre {
  constructor(
    name: string,
    private readonly jobs: Channel<Job>,
    private readonly count: i32,
  ) {
    super(name);
  }

  run(): i32 {
    for (let number = 1; number <= this.count; number++) {
      const outcome = this.jobs.send(new Job(this.name, number));
      if (outcome != 0) return outcome;
    }
    return 0;
  }
}

/** The same without a fibre: a handler that offers a job at every tick, and drops it when there is no room. */
class TickingProducer implements TimerHandler {
  private number: i32 = 0;
  dropped: i32 = 0;

  constructor(
    private readonly jobs: Channel<Job>,
    private readonly count: i32,
  ) {}

  onTimer(timer: Timer): void {
    if (this.jobs.trySend(new Job("ticker", ++this.number)) != 0) this.dropped++;
    if (this.number == this.count) timer.cancel();
  }
}

/** Takes its time for each job. */
class Consumer extends Fibre {
  constructor(
    private readonly console: Console,
    private readonly jobs: Channel<Job>,
  ) {
    super("consumer");
  }

  run(): i32 {
    let done = 0;
    while (this.jobs.receive(within(100 * MILLISECOND)) == 0) {
      const job = this.jobs.value;
      sleep(5 * MILLISECOND);
      this.console.writeLine(`${job.from} ${job.number}`);
      done++;
    }
    this.console.writeLine(`${done} jobs done`);
    return 0;
  }
}

export function main(os: Devices): void {
  const count = <i32>os.arguments.jobs;
  const jobs = new Channel<Job>(<i32>os.arguments.room, "jobs");
  const ticking = new TickingProducer(jobs, count);
  os.clock.every(8 * MILLISECOND, ticking);
  const group = new Group();
  group.spawn(new Producer("producer", jobs, count));
  group.spawn(new Consumer(os.console, jobs));
  group.join();
  os.console.writeLine(`${ticking.dropped} dropped by the ticker`);
}
