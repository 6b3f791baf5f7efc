import { clock } from "@phantasm/clock";
import { console } from "@phantasm/console";
import { duration, integer, unikernel } from "phantasm";

export default unikernel("clock", {
  devices: { clock: clock(), console: console() },
  arguments: {
    period: duration({ default: "1s", minimum: "1ms", help: "Time from tick to tick" }),
    ticks: integer({ default: 3, minimum: 1, help: "Ticks until the end" }),
  },
});
