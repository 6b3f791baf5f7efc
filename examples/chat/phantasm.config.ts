import { network } from "@phantasm/net";
import { tcpStack } from "@phantasm/stack";
import { unikernel } from "phantasm";

export default unikernel("chat", {
  devices: { stack: tcpStack(network("service", { services: [{ port: 1234, protocol: "tcp" }] })) },
});
