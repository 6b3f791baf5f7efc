import { block } from "@phantasm/block";
import { clock } from "@phantasm/clock";
import { console } from "@phantasm/console";
import { fat } from "@phantasm/fat";
import { unikernel } from "phantasm";

const disk = block("disk");

export default unikernel("fat-shell", {
  devices: { console: console(), disk, clock: clock(), files: fat(disk, clock()) },
});
