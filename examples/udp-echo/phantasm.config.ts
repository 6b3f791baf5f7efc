import { network } from "@phantasm/net";
import { tcpStack } from "@phantasm/stack";
import { unikernel } from "phantasm";

export default unikernel("udp-echo", {
  devices: { stack: tcpStack(network("service", { services: [{ port: 7, protocol: "udp" }] })) },
});
