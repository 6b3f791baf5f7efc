import { console } from "@phantasm/console";
import { network } from "@phantasm/net";
import { tcpStack } from "@phantasm/stack";
import { unikernel } from "phantasm";

export default unikernel("iperf", {
  devices: {
    console: console(),
    stack: tcpStack(network("service", { services: [{ port: 5201, protocol: "tcp" }] })),
  },
});
