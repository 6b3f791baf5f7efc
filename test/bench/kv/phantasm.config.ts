import { block } from "@phantasm/block";
import { clock } from "@phantasm/clock";
import { console } from "@phantasm/console";
import { keyValue } from "@phantasm/kv";
import { integer, unikernel } from "phantasm";

export default unikernel("kv-bench", {
  devices: { console: console(), clock: clock(), store: keyValue(block("data"), clock()) },
  memory: { maximum: "256M" },
  arguments: {
    entries: integer({ default: 100_000, minimum: 1000, help: "Entries of 100 bytes" }),
  },
});
