import { console } from "@phantasm/console";
import { unikernel } from "phantasm";

export default unikernel("sleeper", {
  devices: { console: console() },
});
