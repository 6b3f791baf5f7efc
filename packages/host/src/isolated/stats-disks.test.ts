/** What --stats says of disks. */
import { expect, test } from "vitest";
import { statsReport } from "./stats-report.js";

test("a line for each disk, without what never happened", () => {
  const stats = {
    steps: 3,
    memoryBytes: 65_536,
    hypercalls: { block_submit: 9 },
    block: {
      disk: {
        reads: 1234,
        readBytes: 5_054_464,
        writes: 2,
        writtenBytes: 8192,
        flushes: 1,
        discards: 0,
        errors: 3,
      },
      log: {
        reads: 0,
        readBytes: 0,
        writes: 1,
        writtenBytes: 512,
        flushes: 0,
        discards: 2,
        errors: 0,
      },
    },
  };
  expect(statsReport("store", { stats, observation: null })).toBe(`phantasm: store:
  steps       3
  memory      64 KiB
  disk        reads 1 234 (4.8 MiB), writes 2 (8 KiB), flushes 1, errors 3
  log         writes 1 (512 bytes), discards 2
  hypercalls  block_submit  9
`);
});
