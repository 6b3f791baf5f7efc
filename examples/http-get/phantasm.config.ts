import { console } from "@phantasm/console";
import { network } from "@phantasm/net";
import { tcpStack } from "@phantasm/stack";
import { boolean, duration, integer, string, unikernel } from "phantasm";

export default unikernel("http-get", {
  devices: { console: console(), stack: tcpStack(network("service")) },
  arguments: {
    host: string({ default: "example.com", help: "Name or address of the server" }),
    port: integer({ default: 80, minimum: 1, maximum: 65_535, help: "Its port" }),
    path: string({ default: "/", help: "Path of the page" }),
    headers: boolean({ default: false, help: "Print the headers too" }),
    timeout: duration({ default: "10s", help: "Give up after this time" }),
  },
});
