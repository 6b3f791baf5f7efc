import { network } from "@phantasm/net";
import { tcpStack } from "@phantasm/stack";
import { enumeration, unikernel } from "phantasm";

export default unikernel("tcp-echo", {
  devices: { stack: tcpStack(network("service", { services: [{ port: 7, protocol: "tcp" }] })) },
  arguments: {
    style: enumeration(["fibres", "handlers"], { default: "fibres", help: "Which server runs" }),
  },
});
