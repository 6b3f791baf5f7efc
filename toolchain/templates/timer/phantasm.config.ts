import { clock } from "@phantasm/clock";
import { console } from "@phantasm/console";
import { duration, unikernel } from "phantasm";

export default unikernel("timer", {
  devices: { clock: clock(), console: console() },
  arguments: { period: duration({ default: "1s", minimum: "1ms", help: "from tick to tick" }) },
});
