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
  fibre.fibreId = ++spawned;
  live++;
  const next = first;
  fibre.fibrePrevious = null;
  fibre.fibreNext = next;
  if (next !== null) next.fibrePrevious = fibre;
  setFirst(fibre);
}

export function strike(fibre: Fibre): void {
  live--;
  const next = fibre.fibreNext;
  const previous = fibre.fibrePrevious;
  if (next !== null) next.fibrePrevious = previous;
  if (previous !== null) previous.fibreNext = next;
  else setFirst(next);
  fibre.fibreNext = null;
  fibre.fibrePrevious = null;
}

function setFirst(fibre: Fibre | null): void {
  first = fibre;
  observation().firstFibre = <u32>changetype<usize>(fibre);
}

function describeLayout(): void {
  addSource(new Counters());
  onProbe(new FrameProbe());
  const block = observation();
  block.nextOffset = <u16>offsetof<Fibre>("fibreNext");
  block.nameOffset = <u16>offsetof<Fibre>("name");
  block.idOffset = <u16>offsetof<Fibre>("fibreId");
  block.stateOffset = <u16>offsetof<Fibre>("fibreState");
  block.dueOffset = <u16>offsetof<Fibre>("timerDueNs");
  block.queueOffset = <u16>offsetof<Fibre>("waitQueue");
}
