import { block } from "@phantasm/block";
import { clock } from "@phantasm/clock";
import { console } from "@phantasm/console";
import { fat } from "@phantasm/fat";
import { string, unikernel } from "phantasm";

export default unikernel("fat", {
  devices: { console: console(), files: fat(block("disk"), clock()), clock: clock() },
  arguments: {
    show: string({ default: "/readme.txt", help: "Text file to print" }),
    log: string({ default: "/boots.log", help: "File that gets a line each boot" }),
  },
});
