import { console } from "@phantasm/console";
import { integer, string, unikernel } from "phantasm";

export default unikernel("tcp", {
  devices: { console: console() },
  memory: { maximum: "256M" },
  arguments: {
    what: string({ help: "streams, leak, fuzz, or bulk" }),
    seed: integer({
      default: 1,
      minimum: 1,
      help: "The first; for bulk: 2 lets the link cut segments",
    }),
    count: integer({ default: 1, minimum: 1, help: "Seeds, connections, segments, or megabytes" }),
  },
});
