import { console } from "@phantasm/console";
import { network } from "@phantasm/net";
import { router } from "@phantasm/router";
import { unikernel } from "phantasm";

export default unikernel("firewall", {
  devices: {
    router: router({
      inside: network("inside"),
      outside: network("outside"),
      insideAddress: "192.168.77.1/24",
      outsideAddress: "10.0.2.15/24",
      gateway: "10.0.2.2",
      rules: [
        // Mail leaves by the mail server only.
        { direction: "out", action: "accept", protocol: "tcp", source: "192.168.77.25" },
        { direction: "out", action: "reject", protocol: "tcp", destinationPort: 25 },
        // Nobody of this network reaches the web server inside.
        { direction: "in", action: "drop", source: "203.0.113.0/24" },
      ],
      forwards: [{ protocol: "tcp", port: 8080, to: "192.168.77.10:80" }],
    }),
    console: console(),
  },
});
