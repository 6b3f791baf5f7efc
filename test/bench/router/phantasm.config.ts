import { clock } from "@phantasm/clock";
import { console } from "@phantasm/console";
import { unikernel } from "phantasm";

export default unikernel("router-bench", {
  devices: { clock: clock(), console: console() },
});
