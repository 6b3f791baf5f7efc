import { DNS_SERVICES, dnsServer, zones } from "@phantasm/dns-server";
import { network } from "@phantasm/net";
import { fixedIpv4, noIpv6, tcpStack } from "@phantasm/stack";
import { unikernel } from "phantasm";

// test/bench/dns-tap.mjs writes the zone.
export default unikernel("dns-bench", {
  devices: {
    server: dnsServer(
      tcpStack(network("service", { services: DNS_SERVICES }), {
        ipv4: fixedIpv4("10.0.0.2/24"),
        ipv6: noIpv6(),
      }),
      zones([{ file: "./bench.zone", origin: "example.org" }]),
      { rateLimit: { answersPerSecond: 0 } },
    ),
  },
});
