import { network } from "@phantasm/net";
import { tcpStack } from "@phantasm/stack";
import { unikernel } from "phantasm";

export default unikernel("http-bench", {
  devices: { stack: tcpStack(network("service", { services: [{ port: 80, protocol: "tcp" }] })) },
});
