import { IpAddress } from "@phantasm/interfaces";

/** Servers that are asked; more are left out. */
export const SERVERS_MAX: i32 = 4;

/** Where a list of name servers comes from. Each source has its own, and replaces it as a whole. */
export enum ServerSource {
  /** The configuration: while it has servers, others are not asked. */
  STATIC,
  DHCP,
  /** Router advertisements (RFC 8106). */
  ADVERTISED,
}

/** The name servers, in the order in which they are asked. */
export class NameServers {
  private readonly lists: StaticArray<IpAddress[]> = [[], [], []];
  private readonly chosen: IpAddress[] = [];
  /** Changes with the list. */
  generation: u32 = 0;

  get count(): i32 {
    return this.chosen.length;
  }

  at(index: i32): IpAddress {
    return this.chosen[index];
  }

  set(source: ServerSource, addresses: IpAddress[]): void {
    this.lists[source] = addresses;
    this.generation++;
    this.chosen.length = 0;
    this.choose(ServerSource.STATIC);
    if (this.chosen.length > 0) return;
    // RFC 8106 §5.3.1 leaves the order open: one of each in turn, so that neither source alone is asked.
    const most = max(this.lists[1].length, this.lists[2].length);
    for (let index = 0; index < most; index++) {
      this.choose(ServerSource.DHCP, index, 1);
      this.choose(ServerSource.ADVERTISED, index, 1);
    }
  }

  private choose(source: ServerSource, first: i32 = 0, count: i32 = SERVERS_MAX): void {
    const list = this.lists[source];
    for (let index = first; index < min(list.length, first + count); index++) {
      if (this.chosen.length == SERVERS_MAX) return;
      let isNew = true;
      for (const other of this.chosen) if (other.equals(list[index])) isNew = false;
      if (isNew) this.chosen.push(list[index]);
    }
  }
}
