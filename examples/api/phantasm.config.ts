import { block } from "@phantasm/block";
import { clock } from "@phantasm/clock";
import { console } from "@phantasm/console";
import { files } from "@phantasm/fs";
import { keyValue } from "@phantasm/kv";
import { network } from "@phantasm/net";
import { random } from "@phantasm/random";
import { tcpStack } from "@phantasm/stack";
import { boolean, integer, unikernel } from "phantasm";

const time = clock();

export default unikernel("api", {
  devices: {
    clock: time,
    console: console(),
    random: random(),
    stack: tcpStack(network("service", { services: [{ port: 80, protocol: "tcp" }] })),
    notes: keyValue(block("data"), time, { cacheBytes: 4 * 1024 * 1024 }),
    page: files("./page"),
  },
  arguments: {
    port: integer({ default: 80, minimum: 1, maximum: 65_535, help: "Port to listen at" }),
    log: boolean({ default: false, help: "Print a line for each request" }),
  },
  memory: { maximum: "64M" },
});
