import { expect, test } from "@phantasm/testing";
import { play } from "./testing-play";

test("a store is what a plain model of it is", () => {
  for (let seed: u64 = 1; seed <= 12; seed++) expect(play(seed, 250)).toBe("");
});
