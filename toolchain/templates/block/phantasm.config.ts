import { block } from "@phantasm/block";
import { console } from "@phantasm/console";
import { unikernel } from "phantasm";

export default unikernel("block", {
  devices: { disk: block("disk"), console: console() },
});
