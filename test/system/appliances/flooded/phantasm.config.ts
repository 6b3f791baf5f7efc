import { clock } from "@phantasm/clock";
import { console } from "@phantasm/console";
import { network } from "@phantasm/net";
import { tcpStack } from "@phantasm/stack";
import { unikernel } from "phantasm";

export default unikernel("flooded", {
  devices: {
    clock: clock(),
    console: console(),
    stack: tcpStack(network("service", { services: [{ port: 80, protocol: "tcp" }] })),
  },
  memory: { maximum: "6M" },
});
