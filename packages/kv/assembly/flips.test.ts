import { expect, test } from "@phantasm/testing";
import { SmallStore } from "./testing-flips";
import { TestRandom } from "./testing";

function sample(withLog: bool, flips: i32): void {
  const store = new SmallStore(withLog);
  const random = new TestRandom(77);
  const bits = <u32>store.image.length * 8;
  for (let count = 0; count < flips; count++) expect(store.flip(<i32>random.below(bits))).toBe("");
  // The heads of pages, where most of the structure is.
  for (let page = 0; page < store.image.length / 4096; page++) {
    for (let count = 0; count < 4; count++) {
      expect(store.flip(page * 32768 + <i32>random.below(24 * 8))).toBe("");
    }
  }
}

test("a bit that is flipped is noticed, or does not matter", () => {
  sample(false, 250);
});

test("a bit that is flipped in a store whose log has records", () => {
  sample(true, 250);
});
