import { Fibre, spawn } from "@phantasm/fibre";
import { permuteTasks } from "@phantasm/runtime";
import { checkCollections, failAllocation, setStress } from "@phantasm/runtime/heap/testing";
import { Devices } from "./.phantasm/devices";
import { setPauses } from "./pause";
import { Draw, mix } from "./random";
import { arrays, bytes, calls, maps, rings, strings, tables, trees } from "./work";

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

function work(draw: Draw): u32 {
  switch (draw.below(9)) {
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
  setPauses(<u32>options.schedule + 1, options.still);
  permuteTasks(<u32>options.schedule);
  const workers: Worker[] = [];
  for (let i: u32 = 0; i < count; i++)
    workers.push(spawn(new Worker(i, <u32>options.seed, <u32>options.rounds)));
  let digest: u32 = 0;
  for (let i: u32 = 0; i < count; i++) {
    workers[i].join();
    digest = mix(digest, results[i]);
  }
  os.console.writeLine(digest.toString(16));
}
