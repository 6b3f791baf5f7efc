import { clock } from "@phantasm/clock";
import { console } from "@phantasm/console";
import { files } from "@phantasm/fs";
import { unikernel } from "phantasm";

export default unikernel("http-core", {
  devices: { clock: clock(), console: console(), pages: files("./pages") },
});
