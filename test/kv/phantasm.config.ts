import { clock } from "@phantasm/clock";
import { console } from "@phantasm/console";
import { integer, string, unikernel } from "phantasm";

export default unikernel("kv", {
  devices: { console: console(), clock: clock() },
  memory: { maximum: "1G" },
  arguments: {
    what: string({ default: "model", help: "model, crash, flips, or forgeries" }),
    seed: integer({ default: 1, minimum: 0, help: "The first; for flips: the first bit" }),
    count: integer({ default: 1, minimum: 1, help: "Seeds, or bits" }),
    log: integer({ default: 0, minimum: 0, maximum: 1, help: "1: a store whose log has records" }),
  },
});
