import { clock } from "@phantasm/clock";
import { console } from "@phantasm/console";
import { files } from "@phantasm/fs";
import { network } from "@phantasm/net";
import { tcpStack } from "@phantasm/stack";
import { boolean, unikernel } from "phantasm";

export default unikernel("web", {
  devices: {
    clock: clock(),
    console: console(),
    stack: tcpStack(network("service", { services: [{ port: 80, protocol: "tcp" }] })),
    site: files("./site", { precompress: ["br", "gzip"] }),
  },
  arguments: {
    log: boolean({ default: false, help: "Print a line for each request" }),
  },
});
