/** Lists of addresses in a configuration, as texts with commas between. */
import { Endpoint, IpAddress, IpPrefix } from "@phantasm/interfaces";
import { DNS_PORT } from "@phantasm/dns/wire";

/** Who may have a zone transferred. */
@final
export class AllowList {
  private readonly prefixes: IpPrefix[] = [];

  /** @param text `192.0.2.0/24,2001:db8::1`; empty: nobody */
  constructor(text: string) {
    const parts = text.length > 0 ? text.split(",") : [];
    for (let i = 0; i < parts.length; i++) {
      const part = parts[i];
      const isIpv6 = part.includes(":");
      const prefix = IpPrefix.parse(part.includes("/") ? part : part + (isIpv6 ? "/128" : "/32"));
      assert(prefix !== null, "dns: not an address or prefix: " + part);
      this.prefixes.push(prefix!);
    }
  }

  contains(address: IpAddress): bool {
    for (let i = 0; i < this.prefixes.length; i++)
      if (this.prefixes[i].contains(address)) return true;
    return false;
  }
}

/** @param text `192.0.2.1,[2001:db8::1]:5353,192.0.2.1#5353`; port 53 where none is given */
export function endpointsOf(text: string): Endpoint[] {
  const endpoints: Endpoint[] = [];
  if (text.length == 0) return endpoints;
  const parts = text.split(",");
  for (let i = 0; i < parts.length; i++) {
    const part = parts[i];
    const at = part.indexOf("#");
    const address = IpAddress.parse(at < 0 ? part : part.substring(0, at));
    let port: i32 = DNS_PORT;
    if (at >= 0) port = <i32>parseInt(part.substring(at + 1));
    const endpoint = address === null ? Endpoint.parse(part) : new Endpoint(address, <u16>port);
    assert(endpoint !== null, "dns: not an address: " + part);
    endpoints.push(endpoint!);
  }
  return endpoints;
}
