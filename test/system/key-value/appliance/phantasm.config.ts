import { block } from "@phantasm/block";
import { clock } from "@phantasm/clock";
import { console } from "@phantasm/console";
import { keyValue } from "@phantasm/kv";
import { integer, string, unikernel } from "phantasm";

/** Fills a store with batches that tell which they are, or reads what is there. */
export default unikernel("kv-filler", {
  devices: {
    store: keyValue(block("disk"), clock(), { cacheBytes: 1_048_576 }),
    console: console(),
  },
  arguments: {
    mode: string({ default: "fill", help: "fill, or list: one line for each key" }),
    batches: integer({ default: 1_000_000, help: "Ends when there are so many" }),
  },
});
