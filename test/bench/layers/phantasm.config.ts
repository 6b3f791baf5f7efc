import {
  block,
  cache,
  checksummed,
  mirror,
  overlay,
  overlayInMemory,
  ramDisk,
  slice,
  timeout,
} from "@phantasm/block";
import { clock } from "@phantasm/clock";
import { console } from "@phantasm/console";
import { boolean, integer, string, unikernel } from "phantasm";

const REQUESTS = 16;
const BYTES = 2 ** 25;

// One of these is made in a run: two that write to one disk would not do.
const one = block("one", { requests: 32 });
const two = block("two", { requests: 32 });
const time = clock();

export default unikernel("layers-bench", {
  devices: {
    bare: one,
    sliced: slice(one, { first: 8, sectors: 65_000 }),
    timed: timeout(one, time, 10_000_000_000, { requests: REQUESTS }),
    cached: cache(one, { requests: REQUESTS }),
    overlaid: overlay(one, two, { requests: REQUESTS }),
    overlaidInMemory: overlayInMemory(one, { bytes: 2 * BYTES, requests: REQUESTS }),
    checked: checksummed(one, { requests: REQUESTS }),
    mirrored: mirror(one, two, { requests: REQUESTS }),
    ram: ramDisk({ bytes: BYTES, requests: REQUESTS }),
    clock: time,
    console: console(),
  },
  memory: { maximum: "256M" },
  arguments: {
    layer: string({ default: "bare", help: "The device that is measured" }),
    count: integer({ default: 100_000, minimum: 1, help: "Requests" }),
    depth: integer({ default: 1, minimum: 1, maximum: 16, help: "Requests in flight" }),
    bytes: integer({ default: 4096, minimum: 512, help: "Bytes of a request" }),
    write: boolean({ help: "Write, and flush at the end, instead of read" }),
  },
});
