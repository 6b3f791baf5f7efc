import { block } from "@phantasm/block";
import { console } from "@phantasm/console";
import { unikernel } from "phantasm";

export default unikernel("block-check", {
  devices: { disk: block("disk"), console: console() },
});
