import { block } from "@phantasm/block";
import { clock } from "@phantasm/clock";
import { DNS_SERVICES, dnsServer, zones } from "@phantasm/dns-server";
import { keyValue } from "@phantasm/kv";
import { network } from "@phantasm/net";
import { tcpStack } from "@phantasm/stack";
import { unikernel } from "phantasm";

const ZONES = "../../../packages/dns-server/test/zones";

export default unikernel("dns-transfers", {
  devices: {
    server: dnsServer(
      tcpStack(network("service", { services: DNS_SERVICES })),
      zones([
        `${ZONES}/example.org.zone`,
        `${ZONES}/child.example.org.zone`,
        `${ZONES}/other.test.zone`,
      ]),
      {
        // Those that a test names at the boot.
        secondary: [],
        kept: keyValue(block("kept"), clock(), { cacheBytes: 1024 * 1024 }),
        transfer: ["0.0.0.0/0"],
        version: "phantasm",
        idleSeconds: 3,
        rateLimit: { answersPerSecond: 0 },
      },
    ),
  },
});
