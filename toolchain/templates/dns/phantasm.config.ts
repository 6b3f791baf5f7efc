import { DNS_SERVICES, dnsServer, zones } from "@phantasm/dns-server";
import { network } from "@phantasm/net";
import { tcpStack } from "@phantasm/stack";
import { unikernel } from "phantasm";

export default unikernel("dns", {
  devices: {
    server: dnsServer(
      tcpStack(network("service", { services: DNS_SERVICES })),
      zones(["./zones/example.org.zone"]),
    ),
  },
});
