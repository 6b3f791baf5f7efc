import { console } from "@phantasm/console";
import { boolean, integer, unikernel } from "phantasm";

export default unikernel("torture", {
  devices: { console: console() },
  memory: { maximum: "256M" },
  arguments: {
    seed: integer({ default: 1, minimum: 1, help: "Of what the fibres do" }),
    schedule: integer({ default: 0, minimum: 0, help: "Of the order in which they do it" }),
    fibres: integer({ default: 200, minimum: 1 }),
    rounds: integer({ default: 20, minimum: 1 }),
    still: boolean({ help: "Nothing waits: the reference" }),
    stress: integer({ default: 0, minimum: 0, help: "How the collector is driven" }),
    check: boolean({ help: "Compares every marking with another one" }),
    turns: integer({ default: 1, minimum: 1, help: "Longest wait, in turns of others" }),
    churn: integer({ default: 0, minimum: 0, help: "Only changes of large containers, so many" }),
    soak: integer({ default: 0, minimum: 0, help: "Only switches, so many" }),
    fail: integer({ default: 0, minimum: 0, help: "The allocation that fails" }),
  },
});
