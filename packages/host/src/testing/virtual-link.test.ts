import { Limit } from "@phantasm/abi";
import { expect, test } from "vitest";
import { VirtualLink } from "./virtual-link.js";
import { VirtualTime } from "./virtual-time.js";

const FRAME = new Uint8Array(1000).fill(7);

test("what a receiver does not read is bounded, dropped and counted", () => {
  const link = new VirtualLink(new VirtualTime());
  const frames = Math.ceil(Limit.QUEUE_BYTES_MAX / FRAME.length) + 10;
  for (let frame = 0; frame < frames; frame++) link.inject(FRAME);
  const into = new Uint8Array(2048);
  let received = 0;
  while (link.receive(into) > 0) received++;
  expect(received).toBeGreaterThan(1000);
  expect(received + link.counters.droppedFrames).toBe(frames);
  expect(link.counters.droppedFrames).toBeGreaterThanOrEqual(10);
});

test("the other end of a cable notices when one end is closed", async () => {
  const time = new VirtualTime();
  const [left, right] = [new VirtualLink(time), new VirtualLink(time)];
  left.connect(right);
  let woken = 0;
  right.attach(() => woken++);
  right.inject(FRAME);
  await left.close();
  expect(right.gone).toBe(false);
  expect(right.receive(new Uint8Array(2048))).toBe(FRAME.length);
  expect(right.gone).toBe(true);
  expect(woken).toBe(2);
});
