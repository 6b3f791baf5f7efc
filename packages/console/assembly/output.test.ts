import { expect, test, world } from "@phantasm/testing";
import { OutputQueue } from "./output";

function bytes(text: string): ArrayBuffer {
  return String.UTF8.encode(text);
}

function put(queue: OutputQueue, text: string): i32 {
  const encoded = bytes(text);
  return queue.put(changetype<usize>(encoded), encoded.byteLength);
}

function putWhole(queue: OutputQueue, text: string): bool {
  const encoded = bytes(text);
  return queue.putWhole(changetype<usize>(encoded), encoded.byteLength);
}

test("what the host takes at once is not queued", () => {
  const queue = new OutputQueue(8);
  expect(putWhole(queue, "longer than the queue")).toBe(true);
  expect(queue.empty).toBe(true);
  expect(world.takeConsoleOutput()).toBe("longer than the queue");
});

test("nothing is lost or reordered when the ring wraps", () => {
  const queue = new OutputQueue(8);
  let expected = "";
  let seen = "";
  for (let round = 0; round < 50; round++) {
    world.limitConsoleOutput(round % 6);
    const text = "abcdefgh".substring(0, 1 + (round % 8));
    expected += text.substring(0, put(queue, text));
    world.limitConsoleOutput(round % 4);
    queue.drain();
    seen += world.takeConsoleOutput();
  }
  world.limitConsoleOutput(-1);
  queue.drain();
  expect(seen + world.takeConsoleOutput()).toBe(expected);
  expect(queue.empty).toBe(true);
});

test("put takes what fits, putWhole all or nothing", () => {
  const queue = new OutputQueue(8);
  world.limitConsoleOutput(0);
  expect(put(queue, "12345")).toBe(5);
  expect(putWhole(queue, "abcd")).toBe(false);
  expect(queue.room).toBe(3);
  expect(put(queue, "6789")).toBe(3);
  expect(queue.room).toBe(0);
  expect(put(queue, "x")).toBe(0);
  expect(put(queue, "")).toBe(0);
  expect(putWhole(queue, "")).toBe(true);
  world.limitConsoleOutput(-1);
  queue.drain();
  expect(world.takeConsoleOutput()).toBe("12345678");
});

test("an empty queue takes a text of any length, also after it was used", () => {
  const queue = new OutputQueue(8);
  world.limitConsoleOutput(0);
  expect(putWhole(queue, "small")).toBe(true);
  world.limitConsoleOutput(-1);
  queue.drain();
  world.limitConsoleOutput(3);
  expect(putWhole(queue, "a text that is longer than the ring")).toBe(true);
  expect(queue.room).toBe(0);
  expect(putWhole(queue, "x")).toBe(false);
  world.limitConsoleOutput(30);
  queue.drain();
  expect(queue.room).toBe(6);
  expect(putWhole(queue, "after")).toBe(true);
  world.limitConsoleOutput(-1);
  queue.drain();
  expect(world.takeConsoleOutput()).toBe("smalla text that is longer than the ringafter");
});

test("room that came back is used without waiting for the next step", () => {
  const queue = new OutputQueue(4);
  world.limitConsoleOutput(0);
  expect(put(queue, "abcdef")).toBe(4);
  world.limitConsoleOutput(-1);
  expect(put(queue, "ef")).toBe(2);
  expect(world.takeConsoleOutput()).toBe("abcdef");
});
