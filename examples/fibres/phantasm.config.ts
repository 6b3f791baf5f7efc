import { console } from "@phantasm/console";
import { integer, unikernel } from "phantasm";

export default unikernel("fibres", {
  devices: { console: console() },
  arguments: {
    fibres: integer({ default: 10_000, minimum: 1, help: "Fibres that sleep at once" }),
  },
});
