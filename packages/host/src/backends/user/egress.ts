/**
 * What the guest may reach, as the operator says it: `--egress RULE`, the first that matches wins.
 *
 * `allow:TARGET[:PORTS][/tcp|/udp]`, `deny:…` of the same form, and `none` for `deny:any`. TARGET is
 * `any`, `dns` (the resolver of this network), `host-loopback`, `link-local`, an IPv4 address or
 * prefix (`10.0.0.0/8`), or an IPv6 one in brackets (`[2001:db8::/32]`). PORTS are `80`, `8000-8100`,
 * or several with commas.
 *
 * What no rule matches is allowed, except the host's loopback and link-local addresses: the latter
 * hold the metadata services of clouds (169.254.169.254). A wide rule never opens those by accident:
 * `allow` reaches them only by their name or by a prefix inside them.
 */
import { OptionError } from "../error.js";
import { address, inPrefix, parsePrefix, unmapped, type Prefix } from "./address.js";

export type Transport = "tcp" | "udp";

type Target = Prefix | "any" | "dns" | "host-loopback" | "link-local";

interface Rule {
  readonly allow: boolean;
  readonly target: Target;
  /** Pairs of first and last; empty: every port. */
  readonly ports: readonly (readonly [number, number])[];
  readonly transport: Transport | null;
}

const FORM =
  "--egress [NAME=]RULE; RULE is none, or allow: or deny: and any, dns, host-loopback, link-local, 10.0.0.0/8 or [fd00::/8], then optionally :80,8000-8100 and /tcp or /udp";

const prefix = (text: string, bits: number): Prefix => ({ address: address(text), bits });

/** Connecting to an unspecified address reaches the machine itself, and so does the old form `::/96`. */
const HOST_LOOPBACK = [prefix("127.0.0.0", 8), prefix("0.0.0.0", 8), prefix("::", 96)];
/** RFC 3927, RFC 4291 §2.5.6. */
const LINK_LOCAL = [prefix("169.254.0.0", 16), prefix("fe80::", 10)];

/** Addresses that no wide rule opens. */
type Guarded = "host-loopback" | "link-local";

/** Immutable. */
export class EgressRules {
  readonly #rules: readonly Rule[];

  /** @throws OptionError for a rule that cannot be read */
  constructor(rules: readonly string[] = []) {
    this.#rules = rules.map(parseRule);
  }

  /** Whether the guest may send to an address as the host would connect to it. */
  allows(transport: Transport, destination: Uint8Array, port: number): boolean {
    const target = unmapped(destination);
    const guarded = guardOf(target);
    for (const rule of this.#rules) {
      if (!matchesPort(rule, transport, port)) continue;
      if (matchesAddress(rule, target, guarded)) return rule.allow;
    }
    return guarded === null;
  }

  /** Whether the guest may ask the resolver of this network. */
  allowsDns(transport: Transport): boolean {
    for (const rule of this.#rules) {
      if (rule.target !== "any" && rule.target !== "dns") continue;
      if (matchesPort(rule, transport, DNS_PORT)) return rule.allow;
    }
    return true;
  }
}

const DNS_PORT = 53;

function guardOf(target: Uint8Array): Guarded | null {
  const within = (list: readonly Prefix[]): boolean => list.some((one) => inPrefix(target, one));
  if (within(HOST_LOOPBACK)) return "host-loopback";
  return within(LINK_LOCAL) ? "link-local" : null;
}

function matchesPort({ ports, transport }: Rule, used: Transport, port: number): boolean {
  if (transport !== null && transport !== used) return false;
  return ports.length === 0 || ports.some(([first, last]) => port >= first && port <= last);
}

function matchesAddress(
  { target, allow }: Rule,
  destination: Uint8Array,
  guarded: Guarded | null,
): boolean {
  if (target === "any") return !allow || guarded === null;
  if (typeof target === "string") return target === guarded;
  if (!inPrefix(destination, target)) return false;
  return !allow || guarded === null || guardOfPrefix(target) === guarded;
}

/** The guarded range that a prefix lies in as a whole. */
function guardOfPrefix({ address: base, bits }: Prefix): Guarded | null {
  const within = (list: readonly Prefix[]): boolean =>
    list.some((one) => bits >= one.bits && inPrefix(base, one));
  if (within(HOST_LOOPBACK)) return "host-loopback";
  return within(LINK_LOCAL) ? "link-local" : null;
}

function parseRule(text: string): Rule {
  const fail = (problem: string): never => {
    throw new OptionError(`--egress ${text}: ${problem}\nthe form is ${FORM}`);
  };
  if (text === "none") return { allow: false, target: "any", ports: [], transport: null };
  const [, action, whole = ""] = /^(allow|deny):(.*)$/s.exec(text) ?? [];
  if (action === undefined) return fail("it is neither none, nor begins with allow: or deny:");
  const [, rest = whole, transport] = /^(.*)\/(tcp|udp)$/s.exec(whole) ?? [];
  const [, name = "", , ports] = /^(\[[^\]]*\]|[^:]*)(:(.*))?$/s.exec(rest) ?? [];
  const target = parseTarget(name);
  if (target === null) {
    return fail(
      name === ""
        ? "what it is about is missing"
        : `${JSON.stringify(name)} is no address, and no prefix without bits behind it`,
    );
  }
  const ranges = ports === undefined ? [] : parsePorts(ports);
  if (ranges === null) return fail(`${JSON.stringify(ports)} are no ports, as 80 or 80,443 are`);
  return {
    allow: action === "allow",
    target,
    ports: ranges,
    transport: transport === "tcp" || transport === "udp" ? transport : null,
  };
}

function parseTarget(name: string): Target | null {
  switch (name) {
    case "any":
    case "dns":
    case "host-loopback":
    case "link-local":
      return name;
    default:
      return parsePrefix(name.replace(/^\[(.*)\]$/, "$1"));
  }
}

function parsePorts(text: string): (readonly [number, number])[] | null {
  const ranges: (readonly [number, number])[] = [];
  for (const part of text.split(",")) {
    const [, first, last = first] = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(part) ?? [];
    const range = [Number(first), Number(last)] as const;
    if (!(range[0] >= 1 && range[0] <= range[1] && range[1] <= 65_535)) return null;
    ranges.push(range);
  }
  return ranges;
}
