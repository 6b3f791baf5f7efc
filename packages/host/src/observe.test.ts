import { ObservationBlock } from "@phantasm/abi";
import { expect, test } from "vitest";
import { image, step } from "../test/images.js";
import { readObservation } from "./observe.js";
import { SeededEntropy } from "./entropy.js";
import { VirtualHost } from "./testing/index.js";

const HEAD = `"PHOB\\01\\00\\00\\00"`;
const observed = { observation: { address: 1024, bytes: 64, version: 1 } };

test("the counters are read at rest, also after a trap", () => {
  const body = `(data (i32.const 1024) ${HEAD})
    ${step(`(i64.store (i32.const 1032) (i64.add (i64.load (i32.const 1032)) (i64.const 1)))
      (i32.store (i32.const 1068) (i32.const 3))
      (if (i32.and (local.get $events) (i32.const 4)) (then (i64.store (i32.const 1040) (i64.const 4096))))
      (if (i32.and (local.get $events) (i32.const 1)) (then unreachable))`)}`;
  const host = new VirtualHost(image(body, observed));
  expect(host.domain.observe()).toMatchObject({ steps: 1, holds: 3, heapUsedBytes: 0 });
  expect(host.observe()).toMatchObject({ steps: 2, heapUsedBytes: 4096 });
  host.shutdown();
  expect(host.exit?.reason).toBe("trap");
  expect(host.domain.observe()).toMatchObject({ steps: 3 });
});

test("whatever lies there is tolerated", () => {
  const random = new SeededEntropy(5);
  const memory = new Uint8Array(4096);
  for (let round = 0; round < 2000; round++) {
    random.fill(memory.subarray(0, 128));
    if (round % 2 === 0) memory.set([0x50, 0x48, 0x4f, 0x42, 1, 0, 0, 0], 0);
    const address = round % 3 === 0 ? Number(random.next() % 8192n) : 0;
    const observation = { address, bytes: ObservationBlock.BYTES, version: 1 };
    const found = readObservation({ observation }, memory);
    if (found !== null) expect(found.steps).toBeGreaterThanOrEqual(0);
    else expect(address !== 0 || round % 2 === 1).toBe(true);
  }
  const elsewhere = { address: 0xffff_ffff, bytes: 64, version: 1 };
  expect(readObservation({ observation: elsewhere }, memory)).toBeNull();
  expect(readObservation({ observation: { address: 0, bytes: 0, version: 0 } }, memory)).toBeNull();
});
