import { DNS_SERVICES, dnsServer, zones } from "@phantasm/dns-server";
import { network } from "@phantasm/net";
import { tcpStack } from "@phantasm/stack";
import { unikernel } from "phantasm";

export default unikernel("dns-secondary", {
  devices: {
    server: dnsServer(
      tcpStack(network("service", { services: DNS_SERVICES })),
      zones(["../../../../packages/dns-server/test/zones/other.test.zone"]),
      {
        secondary: [],
        secondaryLimits: { bytes: 96 * 1024 * 1024, records: 2_000_000 },
        transfer: ["0.0.0.0/0"],
        rateLimit: { answersPerSecond: 0 },
      },
    ),
  },
});
