import { console } from "@phantasm/console";
import { unikernel } from "phantasm";

export default unikernel("console", {
  devices: { console: console() },
});
