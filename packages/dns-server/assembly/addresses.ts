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
    const endpoint = endpointOf(part);
    assert(endpoint !== null, "dns: not an address: " + part);
    endpoints.push(endpoint!);
  }
  return endpoints;
}

function endpointOf(text: string): Endpoint | null {
  const at = text.indexOf("#");
  const address = IpAddress.parse(at < 0 ? text : text.substring(0, at));
  if (address === null) return Endpoint.parse(text);
  const port: i32 = at < 0 ? DNS_PORT : portOf(text, at + 1);
  return port > 0 ? new Endpoint(address, <u16>port) : null;
}

/** 0: it is none. */
function portOf(text: string, from: i32): i32 {
  if (from == text.length || text.length - from > 5) return 0;
  let port = 0;
  for (let i = from; i < text.length; i++) {
    const digit = text.charCodeAt(i) - 0x30;
    if (digit < 0 || digit > 9) return 0;
    port = port * 10 + digit;
  }
  return port <= 0xffff ? port : 0;
}
