/** Addresses, networks and ports as a configuration writes them. */
import { ConfigurationError } from "phantasm";

/** A number: the first octet in the highest byte. */
export interface Network {
  readonly address: number;
  readonly prefixBits: number;
}

export interface Ports {
  readonly first: number;
  readonly last: number;
}

const PORT_LAST = 65_535;

function text(what: string, value: unknown, key: string): string {
  if (typeof value === "string") return value;
  throw new ConfigurationError(`${what}: expected text, got ${String(value)}`, key);
}

export function readAddress(what: string, value: unknown, key: string): number {
  const octets = /^(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})$/.exec(
    text(what, value, key),
  );
  const numbers = (octets ?? []).slice(1).map(Number);
  if (octets === null || numbers.some((octet) => octet > 255))
    throw new ConfigurationError(
      `${what}: expected an address such as 192.168.1.1, got ${JSON.stringify(value)}`,
      key,
    );
  return numbers.reduce((address, octet) => address * 256 + octet, 0);
}

/** An address with its prefix length; without one it is a single host. */
export function readNetwork(what: string, value: unknown, key: string): Network {
  const [address = "", bits, more] = text(what, value, key).split("/");
  const prefixBits = bits === undefined ? 32 : /^\d{1,2}$/.test(bits) ? Number(bits) : NaN;
  if (more !== undefined || !(prefixBits <= 32))
    throw new ConfigurationError(
      `${what}: expected a network such as 192.168.1.0/24, got ${JSON.stringify(value)}`,
      key,
    );
  return { address: readAddress(what, address, key), prefixBits };
}

/** A port, or a range such as `"8000-8080"`. */
export function readPorts(what: string, value: unknown, key: string): Ports {
  const [, first, last] = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(String(value)) ?? [];
  const ports = { first: Number(first), last: Number(last ?? first) };
  if (!(ports.first <= ports.last && ports.last <= PORT_LAST))
    throw new ConfigurationError(
      `${what}: expected a port such as 80 or "8000-8080", got ${JSON.stringify(value)}`,
      key,
    );
  return ports;
}

/** The bits of an address that name its network. */
export function networkOf({ address, prefixBits }: Network): number {
  const hosts = 2 ** (32 - prefixBits);
  return Math.floor(address / hosts) * hosts;
}

export function contains(network: Network, address: number): boolean {
  return networkOf({ ...network, address }) === networkOf(network);
}

export function overlap(one: Network, other: Network): boolean {
  return contains(one, networkOf(other)) || contains(other, networkOf(one));
}

export function format(address: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join(".");
}
