import { clock } from "@phantasm/clock";
import { console } from "@phantasm/console";
import { duration, integer, unikernel } from "phantasm";

export default unikernel("timer-bench", {
  devices: { clock: clock(), console: console() },
  memory: { maximum: "1G" },
  arguments: {
    count: integer({ default: 1000, minimum: 1, help: "Timers pending" }),
    spread: duration({ default: "1s", minimum: "1ms", help: "Their dues lie within this time" }),
  },
});
