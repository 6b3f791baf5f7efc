import { clock } from "@phantasm/clock";
import { console } from "@phantasm/console";
import { integer, unikernel } from "phantasm";

export default unikernel("ip-fuzz", {
  devices: { clock: clock(), console: console() },
  arguments: {
    seed: integer({ default: 1 }),
    frames: integer({ default: 100_000, minimum: 1 }),
  },
});
