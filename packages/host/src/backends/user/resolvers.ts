/** The host's resolvers, as `dns.getServers` writes them. */
import { isIP } from "node:net";

export interface Resolver {
  readonly address: string;
  readonly port: number;
}

/** More are not asked: each costs the guest a time-out. */
const RESOLVERS_MAX = 3;
const DNS_PORT = 53;

/** Reads `1.1.1.1`, `1.1.1.1:5353`, `::1` and `[::1]:5353`; leaves out what is none of these. */
export function readResolvers(servers: readonly string[]): Resolver[] {
  return servers
    .flatMap((text) => {
      const [, six, sixPort, four, fourPort] =
        /^(?:\[(.+)\](?::(\d+))?|([\d.]+):(\d+))$/.exec(text) ?? [];
      const address = six ?? four ?? text;
      const port = Number(sixPort ?? fourPort ?? DNS_PORT);
      return isIP(address) === 0 || port < 1 || port > 65_535 ? [] : [{ address, port }];
    })
    .slice(0, RESOLVERS_MAX);
}
