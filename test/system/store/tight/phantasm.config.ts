import { clock } from "@phantasm/clock";
import { console } from "@phantasm/console";
import { network } from "@phantasm/net";
import { random } from "@phantasm/random";
import { tcpStack } from "@phantasm/stack";
import { unikernel } from "phantasm";

// Far less memory than the store's limits add up to: it has to refuse what there is no room for.
export default unikernel("tight", {
  devices: {
    stack: tcpStack(network("service", { services: [{ port: 6379, protocol: "tcp" }] })),
    clock: clock(),
    random: random(),
    console: console(),
  },
  memory: { maximum: "64M" },
});
