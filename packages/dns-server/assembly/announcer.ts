/** NOTIFY for whatever was replaced: one run each, the newest of a zone. */
import { Clock, Endpoint, Random } from "@phantasm/interfaces";
import { Stack } from "@phantasm/stack";
import { ServerCounters } from "./counters";
import { Notifier } from "./notifier";
import { Zones } from "./zone-data";
import { ServedZone } from "./zone-set";

/** Runs at once, each with a socket; of more, the oldest ends: its secondaries find out when they look. */
const RUNS_MAX: i32 = 16;

class Run {
  constructor(
    readonly zone: ServedZone | null,
    readonly notifier: Notifier,
  ) {}
}


@final
export class Announcer {
  private readonly runs: Run[] = [];

  /** @param targets at least one */
  constructor(
    private readonly stack: Stack,
    private readonly targets: Endpoint[],
    private readonly clock: Clock,
    private readonly random: Random,
    private readonly counters: ServerCounters,
  ) {}

  /** @param zone that they are the newest version of; null: they are the base */
  announce(zone: ServedZone | null, zones: Zones): void {
    for (let i = this.runs.length - 1; i >= 0; i--) {
      const run = this.runs[i];
      if (!run.notifier.isDone && run.zone !== zone) continue;
      run.notifier.cancel();
      this.runs.splice(i, 1);
    }
    if (this.runs.length == RUNS_MAX) this.runs.shift().notifier.cancel();
    const notifier = new Notifier(zones, this.targets, this.clock, this.random, this.counters);
    this.runs.push(new Run(zone, notifier));
    notifier.begin(this.stack.udp);
  }
}
