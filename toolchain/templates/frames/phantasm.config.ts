import { console } from "@phantasm/console";
import { net } from "@phantasm/net";
import { unikernel } from "phantasm";

export default unikernel("frames", {
  devices: { link: net("link"), console: console() },
});
