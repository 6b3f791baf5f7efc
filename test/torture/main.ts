import { CANCELLED, Fibre, current, spawn, yieldNow } from "@phantasm/fibre";
import { permuteTasks } from "@phantasm/runtime";
import { timersPending } from "@phantasm/runtime/timers";
import { checkCollections, failAllocation, setStress } from "@phantasm/runtime/heap/testing";
import { Devices } from "./.phantasm/devices";
import { setPauses } from "./pause";
import { Draw, mix } from "./random";
import { churn, largeArrays, largeMaps, largeTables } from "./large";
import { meetings, turns } from "./waits";
import {
  arrays,
  bytes,
  calls,
  globals,
  maps,
  rings,
  shelves,
  strings,
  tables,
  trees,
} from "./work";

/** Held in a global, and therefore in static or heap memory, across all waits. */
const results: StaticArray<u32> = new StaticArray<u32>(100_000);

class Worker extends Fibre {
  constructor(
    private readonly number: u32,
    private readonly seed: u32,
    private readonly rounds: u32,
  ) {
    super(`worker ${number}`);
  }

  run(): i32 {
    const draw = new Draw(this.seed * 1_000_003 + this.number);
    let digest = this.number;
    for (let round: u32 = 0; round < this.rounds; round++) digest = mix(digest, work(draw));
    results[this.number] = digest;
    return 0;
  }
}

/** Has so many turns in all, and makes garbage and something to keep in each. */
class Switcher extends Fibre {
  constructor(private readonly turns: u32) {
    super("switcher");
  }

  run(): i32 {
    const kept = new StaticArray<Kept | null>(64);
    for (let turn: u32 = 0; turn < this.turns; turn++) {
      const place = turn & 63;
      const before = new Kept(turn, kept[place]);
      kept[place] = before;
      // Chains of four, then anew.
      if ((turn >> 6) % 4 == 3) before.previous = null;
      if (yieldNow() != 0) return CANCELLED;
      if (before.turn != turn || kept[place] !== before) return -1000;
    }
    return 0;
  }
}

class Kept {
  constructor(
    readonly turn: u32,
    public previous: Kept | null,
  ) {}
}

const SWITCHERS: u32 = 50;
const SOAK_PARTS: u32 = 20;

/** Writes, after each twentieth of the switches, the bytes in use and the pages of memory. */
function soak(os: Devices, switches: u32): void {
  const turns = switches / SOAK_PARTS / SWITCHERS;
  for (let part: u32 = 0; part < SOAK_PARTS; part++) {
    const fibres: Switcher[] = [];
    for (let i: u32 = 0; i < SWITCHERS; i++) fibres.push(spawn(new Switcher(turns)));
    let result: i32 = 0;
    for (let i: u32 = 0; i < SWITCHERS; i++) result += fibres[i].join();
    os.console.writeLine(`${result} ${os.heap.used} ${memory.size()}`);
  }
}

function work(draw: Draw): u32 {
  switch (draw.below(16)) {
    case 0:
      return trees(draw);
    case 1:
      return strings(draw);
    case 2:
      return maps(draw);
    case 3:
      return arrays(draw);
    case 4:
      return bytes(draw);
    case 5:
      return calls(draw);
    case 6:
      return rings(draw);
    case 7:
      return tables(draw);
    case 8:
      return largeArrays(draw);
    case 9:
      return largeTables(draw);
    case 10:
      return largeMaps(draw);
    case 11:
      return shelves(draw);
    case 12:
      return meetings(draw);
    case 13:
      return turns(draw);
    case 14:
      return globals(draw);
    default:
      return mix(trees(draw), calls(draw));
  }
}

export function main(os: Devices): void {
  const options = os.arguments;
  const count = <u32>options.fibres;
  setStress(<u32>options.stress);
  if (options.check) checkCollections();
  failAllocation(<u32>options.fail);
  setPauses(<u32>options.schedule + 1, options.still, <u32>options.turns);
  permuteTasks(<u32>options.schedule);
  if (options.soak > 0) return soak(os, <u32>options.soak);
  if (options.churn > 0) {
    const digest = churn(new Draw(<u32>options.seed), <u32>options.churn, options.still);
    os.console.writeLine(digest.toString(16));
    return;
  }
  const workers: Worker[] = [];
  for (let i: u32 = 0; i < count; i++)
    workers.push(spawn(new Worker(i, <u32>options.seed, <u32>options.rounds)));
  let digest: u32 = 0;
  for (let i: u32 = 0; i < count; i++) {
    workers[i].join();
    digest = mix(digest, results[i]);
  }
  // Whoever has ended is neither in the table any more, nor waits for time to pass.
  const own = current();
  if (own.fibreNext !== null || own.fibrePrevious !== null || timersPending() != 0) digest = 0;
  os.console.writeLine(digest.toString(16));
}
