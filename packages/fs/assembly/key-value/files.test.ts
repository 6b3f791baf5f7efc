import { describe, test } from "@phantasm/testing";
import { Probe, checkReading, checkWriting, writeTree } from "../testing";
import { StoreSettles, hold, volumeOn } from "./testing";
import { Answers, FakeStore } from "./testing-store";

function probe(answers: Answers, shuffles: bool, prefix: string = ""): Probe {
  const store = hold(new FakeStore(7));
  store.answers = answers;
  store.shuffles = shuffles;
  return hold(new Probe(volumeOn(store, prefix), new StoreSettles(store)));
}

describe("a volume in a key-value store", () => {
  test("reads and writes as every volume does, over a store that answers at once", () => {
    const asked = probe(Answers.AT_ONCE, false);
    checkWriting(asked);
    writeTree(asked);
    checkReading(asked);
  });

  test("over one that answers later", () => {
    const asked = probe(Answers.LATER, false);
    checkWriting(asked);
    writeTree(asked);
    checkReading(asked);
  });

  test("over one that answers when it likes, in any order", () => {
    const asked = probe(Answers.BY_CHANCE, true, "volume/");
    checkWriting(asked);
    writeTree(asked);
    checkReading(asked);
  });
});
