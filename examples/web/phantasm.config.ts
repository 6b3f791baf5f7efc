import { clock } from "@phantasm/clock";
import { console } from "@phantasm/console";
import { files } from "@phantasm/fs";
import { network } from "@phantasm/net";
import { tcpStack } from "@phantasm/stack";
import { boolean, integer, unikernel } from "phantasm";

export default unikernel("web", {
  devices: {
    clock: clock(),
    console: console(),
    stack: tcpStack(network("service", { services: [{ port: 80, protocol: "tcp" }] })),
    pages: files("./htdocs", { precompress: ["gzip"] }),
  },
  arguments: {
    port: integer({ default: 80, minimum: 1, maximum: 65_535, help: "Port to listen at" }),
    log: boolean({ default: false, help: "Print a line for each request" }),
  },
});
