import { block } from "@phantasm/block";
import { console } from "@phantasm/console";
import { random } from "@phantasm/random";
import { boolean, integer, unikernel } from "phantasm";

export default unikernel("disk-lottery", {
  devices: { console: console(), disk: block("disk"), random: random() },
  arguments: {
    slot: integer({ default: 0, minimum: 0, help: "Whose ticket: the sector it lies in" }),
    reset: boolean({ help: "Tear up all tickets first" }),
  },
});
