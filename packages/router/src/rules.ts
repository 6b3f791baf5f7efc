/** Rules and forwards: what a configuration says of them, and the numbers that the image reads (`assembly/rules.ts`). */
import { ConfigurationError, checkOptions } from "phantasm";
import { contains, readAddress, readNetwork, readPorts, type Network } from "./address.js";

export type Action = "accept" | "drop" | "reject";

/** The first rule that matches the first packet of a flow decides. What is left out matches everything. */
export interface Rule {
  /** `out`: begun by a host inside; `in`: begun outside, for a host inside. */
  readonly direction: "out" | "in";
  /** `drop`: without a word; `reject`: the sender is told. */
  readonly action: Action;
  readonly protocol?: "tcp" | "udp" | "icmp";
  /** An address or a network such as `"192.168.1.0/24"`. */
  readonly source?: string;
  /** A port, or a range such as `"8000-8080"`. */
  readonly sourcePort?: number | string;
  /** On the way in, the host inside that it is for. */
  readonly destination?: string;
  /** On the way in, that host's port. */
  readonly destinationPort?: number | string;
}

/** A port of the outside address that leads to a host inside. */
export interface Forward {
  readonly protocol: "tcp" | "udp";
  /** Outside; a range such as `"5000-5010"` leads to as many ports. */
  readonly port: number | string;
  /** A host inside, with the (first) port if it is another one: `"192.168.1.10:80"`. */
  readonly to: string;
}

export const ACTIONS: readonly Action[] = ["accept", "drop", "reject"];
const DIRECTIONS: readonly string[] = ["out", "in"];
const PROTOCOLS: Readonly<Record<string, number>> = { icmp: 1, tcp: 6, udp: 17 };
const RULES_MAX = 256;
const FORWARDS_MAX = 256;
const ALL: Network = { address: 0, prefixBits: 0 };

function word(what: string, value: unknown, words: readonly string[], key: string): number {
  const index = words.indexOf(value as string);
  if (index >= 0) return index;
  throw new ConfigurationError(
    `${what}: ${key} must be ${words.map((one) => JSON.stringify(one)).join(" or ")}, got ${JSON.stringify(value)}`,
    key,
  );
}

export function list<T>(what: string, value: readonly T[], most: number): readonly T[] {
  const given: unknown = value;
  if (!Array.isArray(given) || given.length > most)
    throw new ConfigurationError(`router: ${what} must be a list of at most ${most}`, what);
  return value;
}

function encodeEnd(what: string, rule: Rule, end: "source" | "destination"): readonly number[] {
  const portKey = `${end}Port` as const;
  const network = rule[end] === undefined ? ALL : readNetwork(`${what}.${end}`, rule[end], end);
  const ports =
    rule[portKey] === undefined
      ? { first: 0, last: 65_535 }
      : readPorts(`${what}.${portKey}`, rule[portKey], portKey);
  return [network.address, network.prefixBits, ports.first, ports.last];
}

function encodeRule(rule: Rule, index: number): string {
  const what = `router: rules[${index}]`;
  checkOptions(what, rule, [
    "direction",
    "action",
    "protocol",
    "source",
    "sourcePort",
    "destination",
    "destinationPort",
  ]);
  const { protocol } = rule;
  if (protocol !== undefined) word(what, protocol, Object.keys(PROTOCOLS), "protocol");
  const hasPorts = rule.sourcePort !== undefined || rule.destinationPort !== undefined;
  if (hasPorts && protocol !== "tcp" && protocol !== "udp")
    throw new ConfigurationError(`${what}: ports need the protocol "tcp" or "udp"`, "protocol");
  return [
    word(what, rule.direction, DIRECTIONS, "direction"),
    word(what, rule.action, ACTIONS, "action"),
    protocol === undefined ? 0 : (PROTOCOLS[protocol] ?? 0),
    ...encodeEnd(what, rule, "source"),
    ...encodeEnd(what, rule, "destination"),
  ].join(" ");
}

export function encodeRules(rules: readonly Rule[]): string {
  return list("rules", rules, RULES_MAX).map(encodeRule).join(";");
}

/** @param inside all networks inside */
export function encodeForwards(
  forwards: readonly Forward[],
  inside: readonly Network[],
  own: number,
): string {
  const taken = new Set<string>();
  const encoded: string[] = [];
  for (const [index, forward] of list("forwards", forwards, FORWARDS_MAX).entries()) {
    const what = `router: forwards[${index}]`;
    checkOptions(what, forward, ["protocol", "port", "to"]);
    word(what, forward.protocol, ["tcp", "udp"], "protocol");
    const ports = readPorts(`${what}.port`, forward.port, "port");
    const [host = "", inner, more] = String(forward.to).split(":");
    const address = readAddress(`${what}.to`, host, "to");
    const first = inner === undefined ? ports.first : readPorts(`${what}.to`, inner, "to").first;
    const count = ports.last - ports.first + 1;
    if (more !== undefined || first === 0 || first + count - 1 > 65_535 || ports.first === 0)
      throw new ConfigurationError(
        `${what}: expected ports from 1 to 65535, and a host such as "192.168.1.10:80"`,
        "to",
      );
    if (address === own || !inside.some((network) => contains(network, address)))
      throw new ConfigurationError(`${what}: ${host} is no host inside`, "to");
    for (let offset = 0; offset < count; offset++) {
      const port = ports.first + offset;
      const name = `${forward.protocol} port ${port}`;
      if (taken.has(name))
        throw new ConfigurationError(`${what}: ${name} is forwarded already`, "port");
      taken.add(name);
      if (taken.size > FORWARDS_MAX)
        throw new ConfigurationError(
          `router: at most ${FORWARDS_MAX} ports are forwarded`,
          "forwards",
        );
      encoded.push([PROTOCOLS[forward.protocol], port, address, first + offset].join(" "));
    }
  }
  return encoded.join(";");
}
