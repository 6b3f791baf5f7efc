import { console } from "@phantasm/console";
import { integer, unikernel } from "phantasm";

export default unikernel("heap-bench", {
  devices: { console: console() },
  memory: { maximum: "1G" },
  arguments: {
    objects: integer({ default: 1_000_000, minimum: 1, help: "Objects that stay" }),
    garbage: integer({ default: 20_000_000, minimum: 0, help: "Objects that do not" }),
    fibre: integer({ default: 5_000, minimum: 1, help: "Objects made between two waits" }),
  },
});
