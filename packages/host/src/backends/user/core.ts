/** What every part of the user network works with. */
import type { Entropy } from "../../entropy.js";
import type { Scheduler } from "../../scheduler.js";
import type { UserCounters } from "./counters.js";
import type { EgressRules } from "./egress.js";
import type { Emitter } from "./emitter.js";
import type { Guests } from "./guests.js";
import type { Icmp } from "./icmp.js";
import type { UserLimits } from "./limits.js";
import type { SlabPool } from "./slab.js";

export interface Core {
  /** Largest IP packet, in bytes. */
  readonly mtu: number;
  readonly limits: UserLimits;
  readonly counters: UserCounters;
  readonly slabs: SlabPool;
  readonly emitter: Emitter;
  readonly guests: Guests;
  readonly icmp: Icmp;
  readonly egress: EgressRules;
  readonly scheduler: Scheduler;
  readonly entropy: Entropy;
  /** Milliseconds, never going back; the origin means nothing. As of the last `tick`. */
  readonly nowMs: number;
  /** Reads the clock. Whatever comes from the event loop does this first. */
  tick(): void;
  /** Something waits until the guest has an address. */
  waitForGuest(): void;
  /** Addresses of resolvers, as `dns.getServers` has them. */
  readonly resolvers: () => readonly string[];
}

/** 32 bits nobody can guess. */
export function random32(entropy: Entropy): number {
  const bytes = new Uint8Array(4);
  entropy.fill(bytes);
  return new DataView(bytes.buffer).getUint32(0);
}
