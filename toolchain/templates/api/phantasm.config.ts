import { block } from "@phantasm/block";
import { clock } from "@phantasm/clock";
import { console } from "@phantasm/console";
import { keyValue } from "@phantasm/kv";
import { network } from "@phantasm/net";
import { tcpStack } from "@phantasm/stack";
import { boolean, unikernel } from "phantasm";

const time = clock();

export default unikernel("api", {
  devices: {
    clock: time,
    console: console(),
    stack: tcpStack(network("service", { services: [{ port: 80, protocol: "tcp" }] })),
    store: keyValue(block("data"), time),
  },
  arguments: {
    log: boolean({ default: false, help: "Print a line for each request" }),
  },
  memory: { maximum: "64M" },
});
