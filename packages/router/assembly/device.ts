/** What an application sees of a router, and how the configuration's numbers become one. */
import { Link, Random } from "@phantasm/interfaces";
import { RouterCounters } from "./counters";
import { RouterPolicy } from "./forwarder";
import { RouterLimits } from "./limits";
import { NumberReader } from "./number-reader";
import { RouterCore, RouterHandler } from "./router";
import { Action } from "./rules";

/** A router between two links. */
export interface Router {
  /**
   * Begins to forward; `handler` hears which address there is outside. Keeps the domain alive until `stop`.
   * Idempotent.
   */
  start(handler: RouterHandler | null): void;

  /** Forwards nothing any more. Its own addresses still answer. Idempotent. */
  stop(): void;

  readonly counters: RouterCounters;

  /** Connections that are tracked. */
  readonly flows: i32;

  /** The first octet on top; 0: there is none (yet). */
  readonly outsideAddress: u32;
}

/** @param settings see `encodeSettings` of the combinator */
export function makeCore(
  inside: Link,
  outside: Link,
  random: Random,
  networks: string,
  rules: string,
  forwards: string,
  settings: string,
): RouterCore {
  const numbers = new NumberReader(settings);
  const limits = new RouterLimits();
  const policy = new RouterPolicy();
  limits.flows = <i32>numbers.next();
  limits.fragments = <i32>numbers.next();
  limits.portFirst = <u16>numbers.next();
  limits.portLast = <u16>numbers.next();
  policy.out = <Action>numbers.next();
  policy.in = <Action>numbers.next();
  policy.clampsSegments = numbers.next() != 0;
  policy.rules = rules;
  policy.forwards = forwards;
  const core = new RouterCore(inside, outside, random, limits, policy);
  const list = new NumberReader(networks);
  const own = list.next();
  core.setInside(own, <i32>list.next());
  list.next();
  for (let left = list.count / 3 - 1; left > 0; left--) {
    const network = list.next();
    const prefixBits = <i32>list.next();
    core.addInside(network, prefixBits, list.next());
  }
  return core;
}
