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
 *
 * `deny`, and what is kept without a rule, holds for IPv6 addresses too that lead to such an IPv4 address (`embedded`).
 * `allow` does not.
 */
import { OptionError } from "../error.js";
import { address, inPrefix, parsePrefix, unmapped, type Prefix } from "./address.js";
import { embedded } from "./embedded.js";

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
    const target = whole(unmapped(destination));
    const inside = embedded(target);
    const guards = guardsOf(target, inside);
    for (const rule of this.#rules) {
      if (!matchesPort(rule, transport, port)) continue;
      const matches = rule.allow
        ? isAllowed(rule.target, target, guards)
        : isDenied(rule.target, [target, ...inside], guards);
      if (matches) return rule.allow;
    }
    return guards.own === null && guards.inside === null;
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

/** What an address, or all addresses of a prefix, lie in: themselves, and by the IPv4 address inside them. */
interface Guards {
  readonly own: Guarded | null;
  readonly inside: Guarded | null;
}

const whole = (bytes: Uint8Array): Prefix => ({ address: bytes, bits: bytes.length * 8 });

function guardsOf(target: Prefix, inside: readonly Prefix[]): Guards {
  const found = inside.map(guardOf).find((guard) => guard !== null);
  return { own: guardOf(target), inside: found ?? null };
}

function guardOf({ address: base, bits }: Prefix): Guarded | null {
  const within = (list: readonly Prefix[]): boolean =>
    list.some((one) => bits >= one.bits && inPrefix(base, one));
  if (within(HOST_LOOPBACK)) return "host-loopback";
  return within(LINK_LOCAL) ? "link-local" : null;
}

function matchesPort({ ports, transport }: Rule, used: Transport, port: number): boolean {
  if (transport !== null && transport !== used) return false;
  return ports.length === 0 || ports.some(([first, last]) => port >= first && port <= last);
}

function isDenied(denied: Target, targets: readonly Prefix[], guards: Guards): boolean {
  if (denied === "any") return true;
  if (typeof denied === "string") return denied === guards.own || denied === guards.inside;
  return targets.some(({ address: base }) => inPrefix(base, denied));
}

function isAllowed(allowed: Target, { address: base }: Prefix, guards: Guards): boolean {
  if (allowed === "any") return guards.own === null && guards.inside === null;
  if (typeof allowed === "string") return allowed === guards.own;
  if (!inPrefix(base, allowed)) return false;
  // The prefix lies in those guarded ranges as a whole.
  const { own, inside } = guardsOf(allowed, embedded(allowed));
  return own === guards.own && inside === guards.inside;
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
