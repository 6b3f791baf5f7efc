import { ServerSource } from "@phantasm/dns/servers";
import { IpAddress, Random, Udp } from "@phantasm/interfaces";

/** What a setup sees of the stack it is part of. */
export interface SetupHost {
  readonly udp: Udp;
  readonly random: Random;
  /** Our link address, 6 bytes. */
  readonly mac: Uint8Array;

  /** An address may be used from now on. */
  addressReady(high: u64, low: u64): void;

  /** An address must not be used any more; transports know it already. */
  addressGone(high: u64, low: u64): void;

  /** The name servers that this source knows now. */
  setNameServers(source: ServerSource, servers: IpAddress[]): void;
}
