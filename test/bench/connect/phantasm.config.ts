import { console } from "@phantasm/console";
import { network } from "@phantasm/net";
import { tcpStack } from "@phantasm/stack";
import { integer, string, unikernel } from "phantasm";

export default unikernel("connect-bench", {
  devices: { console: console(), stack: tcpStack(network("client")) },
  arguments: {
    server: string({ default: "10.0.0.2", help: "Address of an echo server" }),
    connections: integer({ default: 10_000, minimum: 1, help: "Connections of a round" }),
    rounds: integer({ default: 4, minimum: 1, help: "How often" }),
  },
});
