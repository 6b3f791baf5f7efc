import { block } from "@phantasm/block";
import { clock } from "@phantasm/clock";
import { console } from "@phantasm/console";
import { keyValue } from "@phantasm/kv";
import { unikernel } from "phantasm";

export default unikernel("key-value", {
  devices: { console: console(), store: keyValue(block("disk"), clock()) },
});
