import { BlockHandler } from "@phantasm/interfaces";
import { expect, test } from "@phantasm/testing";
import { Slots } from "./slots";

class Nothing implements BlockHandler {
  onBlock(tag: i32, status: i32): void {}
}

const handler = new Nothing();

test("as many as the capacity, each once", () => {
  const slots = new Slots(3);
  const seen: i32[] = [];
  while (!slots.full) {
    seen.push(slots.next);
    slots.take(handler, null, 10 + slots.next);
  }
  expect(seen.sort()).toEqual([0, 1, 2]);
  for (let i = 0; i < 3; i++) expect(slots.at(i).tag).toBe(10 + i);
});

test("a freed slot is taken again, and holds nothing meanwhile", () => {
  const slots = new Slots(2);
  slots.take(handler, new Uint8Array(1), 1);
  slots.take(handler, null, 2);
  expect(slots.full).toBe(true);
  slots.free(0);
  expect(slots.at(0).buffer).toBeNull();
  expect(slots.at(0).handler).toBeNull();
  expect(slots.next).toBe(0);
  slots.take(handler, null, 3);
  expect(slots.full).toBe(true);
  slots.free(1);
  slots.free(0);
  expect(slots.empty).toBe(true);
});
