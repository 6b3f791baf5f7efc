import { console } from "@phantasm/console";
import { integer, string, unikernel } from "phantasm";

export default unikernel("simulation", {
  devices: { console: console() },
  memory: { maximum: "256M" },
  arguments: {
    what: string({ help: "matrix, fairness, seeds, bulk, stacks, or speed" }),
    control: string({ default: "cubic", help: "Congestion control: cubic or newreno" }),
    seed: integer({ default: 1, minimum: 1, help: "The first" }),
    count: integer({ default: 1, minimum: 1, help: "Seeds" }),
  },
});
