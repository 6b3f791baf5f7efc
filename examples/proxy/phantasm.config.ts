import { clock } from "@phantasm/clock";
import { console } from "@phantasm/console";
import { network } from "@phantasm/net";
import { dhcp, tcpStack } from "@phantasm/stack";
import { duration, enumeration, integer, string, unikernel } from "phantasm";

export default unikernel("proxy", {
  devices: {
    frontend: tcpStack(network("frontend", { services: [{ port: 8000, protocol: "tcp" }] })),
    backend: tcpStack(network("backend"), { ipv4: dhcp({ prefix: "backend" }) }),
    clock: clock(),
    console: console(),
  },
  arguments: {
    backends: string({
      required: true,
      help: "Where connections go: 10.0.0.2:80,10.0.0.3:80",
    }),
    port: integer({ default: 8000, minimum: 1, maximum: 65_535, help: "TCP port of the frontend" }),
    balance: enumeration(["least-connections", "round-robin"], {
      default: "least-connections",
      help: "Which backend gets a connection",
    }),
    connections: integer({
      default: 4096,
      minimum: 1,
      maximum: 16_384,
      help: "Clients at once; one more is reset",
    }),
    check: duration({
      default: "2s",
      minimum: "10ms",
      help: "Between two looks at a backend; as long as one may take",
    }),
    patience: duration({
      default: "3s",
      minimum: "10ms",
      help: "How long a backend may take to accept a connection before another one is asked",
    }),
  },
  // Two stacks, each with queues of up to 32 MiB.
  memory: { maximum: "128M" },
});
