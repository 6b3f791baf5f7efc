import { Resolver } from "@phantasm/dns/resolver";
import { ServerSource } from "@phantasm/dns/servers";
import { IpAddress } from "@phantasm/interfaces";

/** Told which name servers there are. An interface, so that an image without names links no resolver. */
export interface NameServerUser {
  useServers(source: ServerSource, servers: IpAddress[]): void;
}

/** What each source has said, for a resolver that is made later, if ever. */
@final
export class KnownNameServers {
  private readonly lists: StaticArray<IpAddress[]> = [[], [], []];
  private user: NameServerUser | null = null;

  set(source: ServerSource, servers: IpAddress[]): void {
    this.lists[source] = servers;
    const user = this.user;
    if (user !== null) user.useServers(source, servers);
  }

  watch(user: NameServerUser): void {
    this.user = user;
    for (let source = 0; source < this.lists.length; source++)
      user.useServers(source, this.lists[source]);
  }
}


@final
export class ResolverFeed implements NameServerUser {
  constructor(private readonly resolver: Resolver) {}

  useServers(source: ServerSource, servers: IpAddress[]): void {
    this.resolver.setServers(source, servers);
  }
}
