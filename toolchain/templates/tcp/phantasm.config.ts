import { network } from "@phantasm/net";
import { tcpStack } from "@phantasm/stack";
import { unikernel } from "phantasm";

export default unikernel("tcp", {
  devices: { stack: tcpStack(network("service", { services: [{ port: 4000, protocol: "tcp" }] })) },
});
