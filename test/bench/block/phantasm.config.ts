import { block } from "@phantasm/block";
import { clock } from "@phantasm/clock";
import { console } from "@phantasm/console";
import { boolean, integer, unikernel } from "phantasm";

export default unikernel("block-bench", {
  devices: { disk: block("disk", { requests: 32 }), console: console(), clock: clock() },
  memory: { maximum: "256M" },
  arguments: {
    count: integer({ default: 100_000, minimum: 1, help: "Requests" }),
    depth: integer({ default: 1, minimum: 1, maximum: 32, help: "Requests in flight" }),
    bytes: integer({ default: 4096, minimum: 512, help: "Bytes of a request" }),
    write: boolean({ help: "Write instead of read" }),
    sequential: boolean({ help: "One after the other instead of anywhere" }),
    apart: boolean({ help: "Submit from the run queue, as a fibre does that waits for each" }),
  },
});
