import { clock } from "@phantasm/clock";
import { console } from "@phantasm/console";
import { network } from "@phantasm/net";
import { tcpStack } from "@phantasm/stack";
import { duration, integer, string, unikernel } from "phantasm";

export default unikernel("ping", {
  devices: { console: console(), clock: clock(), stack: tcpStack(network("service")) },
  arguments: {
    host: string({ default: "10.0.2.2", help: "Name or address of the host" }),
    count: integer({ default: 4, minimum: 1, maximum: 65_535, help: "Requests to send" }),
    bytes: integer({ default: 56, minimum: 0, maximum: 65_507, help: "Data in a request" }),
    interval: duration({ default: "1s", help: "Time between two requests" }),
  },
});
