import { clock } from "@phantasm/clock";
import { files } from "@phantasm/fs";
import { network } from "@phantasm/net";
import { tcpStack } from "@phantasm/stack";
import { unikernel } from "phantasm";

/** examples/web with memory for ten thousand connections: a quarter of it, 1 KiB each. */
export default unikernel("crowd", {
  devices: {
    clock: clock(),
    stack: tcpStack(network("service", { services: [{ port: 80, protocol: "tcp" }] })),
    pages: files("../served/pages"),
  },
  memory: { maximum: "48M" },
});
