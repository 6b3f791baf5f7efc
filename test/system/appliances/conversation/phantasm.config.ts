import { clock } from "@phantasm/clock";
import { console } from "@phantasm/console";
import { network } from "@phantasm/net";
import { tcpStack } from "@phantasm/stack";
import { string, unikernel } from "phantasm";

export default unikernel("conversation", {
  devices: {
    clock: clock(),
    console: console(),
    stack: tcpStack(network("service", { services: [{ port: 80, protocol: "tcp" }] })),
  },
  arguments: { url: string({ default: "", help: "Asked twice, then posted to" }) },
});
