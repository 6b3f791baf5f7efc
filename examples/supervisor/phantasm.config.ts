import { console } from "@phantasm/console";
import { integer, unikernel } from "phantasm";

export default unikernel("supervisor", {
  devices: { console: console() },
  arguments: {
    failures: integer({ default: 3, minimum: 0, help: "Times the flaky child fails" }),
  },
});
