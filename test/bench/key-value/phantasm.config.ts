import { block } from "@phantasm/block";
import { clock } from "@phantasm/clock";
import { console } from "@phantasm/console";
import { keyValue } from "@phantasm/kv";
import { integer, string, unikernel } from "phantasm";

export default unikernel("key-value-bench", {
  devices: {
    clock: clock(),
    console: console(),
    store: keyValue(block("disk"), clock(), { cacheBytes: 64 << 20 }),
  },
  arguments: {
    phases: string({ default: "fill,get,scan,single", help: "What to do, in this order" }),
    keys: integer({ default: 200_000, minimum: 1, help: "Keys of fill, get and scan" }),
    batch: integer({ default: 100, minimum: 1, maximum: 1000, help: "Keys of a durable batch" }),
    singles: integer({ default: 2000, minimum: 1, help: "Durable puts of one key" }),
    bytes: integer({ default: 100, minimum: 1, maximum: 65_536, help: "Bytes of a value" }),
    durable: integer({ default: 1, minimum: 0, maximum: 1, help: "1: fill with durable batches" }),
  },
});
