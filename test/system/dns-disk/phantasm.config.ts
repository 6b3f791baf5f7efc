import { block } from "@phantasm/block";
import { DNS_SERVICES, dnsServer, zonesFrom } from "@phantasm/dns-server";
import { network } from "@phantasm/net";
import { tcpStack } from "@phantasm/stack";
import { unikernel } from "phantasm";

export default unikernel("dns-disk", {
  devices: {
    server: dnsServer(
      tcpStack(network("service", { services: DNS_SERVICES })),
      zonesFrom(block("zones"), { checkSeconds: 1, bytesMax: 64 * 1024 * 1024 }),
      { transfer: ["0.0.0.0/0"], rateLimit: { answersPerSecond: 0 } },
    ),
  },
});
