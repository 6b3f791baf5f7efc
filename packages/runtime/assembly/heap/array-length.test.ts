import { dispatch, enter, hold, leave } from "@phantasm/runtime";
import { describe, expect, test, world } from "@phantasm/testing";
import { Stress, checkCollections, setStress } from "./testing";

class Item {
  constructor(readonly value: i32) {}
}

const list: Array<Item | null> = [];
const filler: Item[] = [];

function collectAll(): void {
  enter(world.now(), 0);
  dispatch();
  leave();
}

describe("what was cut off from an array", () => {
  test("does not come back when its length grows", () => {
    hold();
    setStress(Stress.FULL);
    checkCollections();
    for (let i = 0; i < 20; i++) list.push(new Item(i));
    list.length = 3;
    collectAll();
    for (let i = 0; i < 100; i++) filler.push(new Item(-1));
    list.length = 20;
    collectAll();
    for (let i = 3; i < 20; i++) expect(list[i] === null).toBe(true);
    expect(list[2]!.value).toBe(2);
  });

  test("nor when an element is stored behind its end", () => {
    hold();
    setStress(Stress.FULL);
    checkCollections();
    for (let i = 0; i < 20; i++) list.push(new Item(i));
    while (list.length > 3) list.pop();
    collectAll();
    for (let i = 0; i < 100; i++) filler.push(new Item(-1));
    list[18] = new Item(18);
    collectAll();
    for (let i = 3; i < 18; i++) expect(list[i] === null).toBe(true);
    expect(list[18]!.value).toBe(18);
  });
});
