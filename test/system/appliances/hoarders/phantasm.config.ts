import { clock } from "@phantasm/clock";
import { console } from "@phantasm/console";
import { unikernel } from "phantasm";

export default unikernel("hoarders", {
  devices: { clock: clock(), console: console() },
  memory: { maximum: "4M" },
});
