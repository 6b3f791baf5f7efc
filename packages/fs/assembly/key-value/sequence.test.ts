import { Errno } from "@phantasm/interfaces";
import { describe, expect, test } from "@phantasm/testing";
import { collect, hold } from "./testing";
import { Sequence } from "./testing-sequence";
import { Answers } from "./testing-store";

const SEEDS: u64 = 16;
const STEPS: i32 = 80;

function run(seed: u64, answers: Answers): void {
  const sequence = hold(new Sequence(seed));
  sequence.store.answers = answers;
  sequence.store.shuffles = answers == Answers.BY_CHANCE;
  sequence.furnish();
  for (let step = 0; step < STEPS; step++) sequence.step();
  sequence.compare();
  sequence.crash();
  sequence.reopen();
}

/** One whose operation with this number fails. False: it did not get so far. */
function fail(seed: u64, number: i32, status: i32): bool {
  const sequence = hold(new Sequence(seed));
  const store = sequence.store;
  store.answers = seed % 2 == 0 ? Answers.BY_CHANCE : Answers.AT_ONCE;
  store.failAt = number;
  store.failStatus = status;
  sequence.furnish();
  for (let step = 0; step < 18; step++) sequence.step();
  const reached = sequence.store.operations > number;
  sequence.store.failAt = -1;
  if (sequence.store.broken != 0) sequence.crash();
  sequence.reopen();
  return reached;
}

describe("a volume and a model", () => {
  test("agree over a store that answers at once", () => {
    for (let seed: u64 = 1; seed <= SEEDS; seed++) {
      run(seed, Answers.AT_ONCE);
      collect();
    }
  });

  test("agree over one that answers later, in any order", () => {
    for (let seed: u64 = 1001; seed <= 1000 + SEEDS; seed++) {
      run(seed, Answers.BY_CHANCE);
      collect();
    }
  });

  test("agree when any operation of the store fails for good", () => {
    for (let seed: u64 = 1; seed <= 2; seed++) {
      let number = 0;
      while (fail(seed, number, Errno.IO)) {
        number++;
        collect();
      }
      expect(number).toBeGreaterThan(50);
    }
  });

  test("agree when any operation of the store fails for want of space", () => {
    for (let seed: u64 = 11; seed <= 12; seed++) {
      let number = 0;
      while (fail(seed, number, Errno.NOSPACE)) {
        number++;
        collect();
      }
      expect(number).toBeGreaterThan(50);
    }
  });
});
