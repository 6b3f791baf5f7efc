import { clock } from "@phantasm/clock";
import { console } from "@phantasm/console";
import { net } from "@phantasm/net";
import { enumeration, integer, unikernel } from "phantasm";

export default unikernel("frames", {
  devices: { link: net("link"), clock: clock(), console: console() },
  arguments: {
    role: enumeration(["ping", "pong"], { default: "ping", help: "Asks, or answers" }),
    count: integer({ default: 3, minimum: 1, maximum: 1_000_000, help: "Frames to exchange" }),
  },
});
