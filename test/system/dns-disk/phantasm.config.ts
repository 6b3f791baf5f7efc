import { block } from "@phantasm/block";
import { DNS_SERVICES, dnsServer, zonesFrom } from "@phantasm/dns-server";
import { network } from "@phantasm/net";
import { fixedIpv4, noIpv6, tcpStack } from "@phantasm/stack";
import { unikernel } from "phantasm";

export default unikernel("dns-disk", {
  devices: {
    server: dnsServer(
      tcpStack(network("service", { services: DNS_SERVICES }), {
        ipv4: fixedIpv4("10.0.0.2/24"),
        ipv6: noIpv6(),
      }),
      zonesFrom(block("zones"), { checkSeconds: 1, bytesMax: 64 * 1024 * 1024 }),
      {
        transfer: ["10.0.0.0/24"],
        notify: ["10.0.0.1", "10.0.0.11", "10.0.0.12"],
      },
    ),
  },
});
