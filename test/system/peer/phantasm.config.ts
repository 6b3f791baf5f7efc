import { console } from "@phantasm/console";
import { network } from "@phantasm/net";
import { dhcp, noIpv6, tcpStack } from "@phantasm/stack";
import { integer, string, unikernel } from "phantasm";

/** A host of a test: it serves, or it connects. */
export default unikernel("peer", {
  devices: {
    stack: tcpStack(network("link"), { ipv4: dhcp(), ipv6: noIpv6() }),
    console: console(),
  },
  arguments: {
    name: string({ default: "", help: "Serves under this name: greets with it, and echoes" }),
    listen: integer({ default: 7, help: "Where it serves" }),
    connect: string({ default: "", help: "Connects to ADDRESS:PORT" }),
    clients: integer({ default: 1, help: "Connections to make" }),
    together: integer({ default: 1, help: "Of these at a time" }),
    bytes: integer({ default: 0, help: "Sent on each, and expected back" }),
    pause: integer({ default: 0, help: "Milliseconds between two reads" }),
    timeout: integer({ default: 60, help: "Seconds for each connection" }),
  },
});
