/**
 * The table of fibres: every fibre that was spawned and has not ended. It is a root of the heap, so a
 * fibre that waits for what will never come is seen, and not silently collected.
 */
import { Probe, Source, addSource, observation, onProbe } from "@phantasm/runtime";
import { Fibre } from "./fibre";
import { show } from "./switch";

// Lazy: else the class alone would be in every image that has this file.
// @ts-ignore: decorator
@lazy
let first: Fibre | null = null;
let spawned: u32 = 0;
let live: u32 = 0;

/** Brings the counters of the observation block up to date. */
class Counters extends Source {
  dispatch(now: i64): void {}

  inspect(): void {
    const block = observation();
    block.fibres = live;
    block.fibresSpawned = spawned;
  }
}

class FrameProbe extends Probe {
  show(address: usize): void {
    show(address);
  }
}

/** Puts a fibre into the table and gives it its number. */
export function enlist(fibre: Fibre): void {
  if (spawned == 0) describeLayout();
  fibre.id = ++spawned;
  live++;
  const next = first;
  fibre.tablePrevious = null;
  fibre.tableNext = next;
  if (next !== null) next.tablePrevious = fibre;
  setFirst(fibre);
}

export function strike(fibre: Fibre): void {
  live--;
  const next = fibre.tableNext;
  const previous = fibre.tablePrevious;
  if (next !== null) next.tablePrevious = previous;
  if (previous !== null) previous.tableNext = next;
  else setFirst(next);
  fibre.tableNext = null;
  fibre.tablePrevious = null;
}

function setFirst(fibre: Fibre | null): void {
  first = fibre;
  observation().firstFibre = <u32>changetype<usize>(fibre);
}

function describeLayout(): void {
  addSource(new Counters());
  onProbe(new FrameProbe());
  const block = observation();
  block.nextOffset = <u16>offsetof<Fibre>("tableNext");
  block.nameOffset = <u16>offsetof<Fibre>("name");
  block.idOffset = <u16>offsetof<Fibre>("id");
  block.stateOffset = <u16>offsetof<Fibre>("state");
  block.dueOffset = <u16>offsetof<Fibre>("dueNs");
  block.queueOffset = <u16>offsetof<Fibre>("queue");
}
