import { console } from "@phantasm/console";
import { unikernel } from "phantasm";

export default unikernel("word-count", {
  devices: { console: console() },
});
