import { console } from "@phantasm/console";
import { unikernel } from "phantasm";

export default unikernel("hello", {
  devices: { console: console() },
});
