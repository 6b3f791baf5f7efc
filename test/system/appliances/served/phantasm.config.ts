import { clock } from "@phantasm/clock";
import { files } from "@phantasm/fs";
import { network } from "@phantasm/net";
import { tcpStack } from "@phantasm/stack";
import { unikernel } from "phantasm";

export default unikernel("served", {
  devices: {
    clock: clock(),
    stack: tcpStack(
      network("service", {
        services: [
          { port: 80, protocol: "tcp" },
          { port: 81, protocol: "tcp" },
        ],
      }),
    ),
    pages: files("./pages", { precompress: ["gzip"], modified: new Date("2020-02-02T02:02:02Z") }),
  },
});
