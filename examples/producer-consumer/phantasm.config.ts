import { console } from "@phantasm/console";
import { clock } from "@phantasm/clock";
import { integer, unikernel } from "phantasm";

export default unikernel("producer-consumer", {
  devices: { clock: clock(), console: console() },
  arguments: {
    jobs: integer({ default: 6, minimum: 1, help: "Jobs that each producer makes" }),
    room: integer({ default: 2, minimum: 0, help: "Jobs that wait between them at most" }),
  },
});
