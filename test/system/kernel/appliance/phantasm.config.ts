import { console } from "@phantasm/console";
import { network } from "@phantasm/net";
import { dhcp, fixedIpv6, tcpStack } from "@phantasm/stack";
import { integer, string, unikernel } from "phantasm";

/** A host for the kernel to talk to: it serves, or it does what it is told. */
export default unikernel("kernel-peer", {
  devices: {
    stack: tcpStack(network("link"), { ipv4: dhcp(), ipv6: fixedIpv6("fd00:7::2/64") }),
    console: console(),
  },
  arguments: {
    connect: string({ default: "", help: "Connects to ADDRESS:PORT or NAME:PORT" }),
    resolve: string({ default: "", help: "Looks these names up, in turn; with commas between" }),
    bytes: integer({ default: 0, help: "Sent on the connection" }),
    timeout: integer({ default: 60, help: "Seconds for the connection" }),
  },
});
