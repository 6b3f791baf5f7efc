import { console } from "@phantasm/console";
import { random } from "@phantasm/random";
import { integer, unikernel } from "phantasm";

export default unikernel("lottery", {
  devices: { console: console(), random: random() },
  arguments: {
    draws: integer({ default: 1, minimum: 1, maximum: 1_000_000, help: "How many draws" }),
  },
});
