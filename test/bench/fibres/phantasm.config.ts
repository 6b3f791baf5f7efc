import { console } from "@phantasm/console";
import { enumeration, integer, unikernel } from "phantasm";

export default unikernel("fibre-bench", {
  devices: { console: console() },
  memory: { maximum: "4G" },
  arguments: {
    work: enumeration(["switch", "spawn", "sleep", "pipeline"], { default: "switch" }),
    count: integer({ default: 1000, minimum: 1 }),
    rounds: integer({ default: 1000, minimum: 0 }),
    depth: integer({ default: 0, minimum: 0 }),
  },
});
