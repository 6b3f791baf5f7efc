/** `-p [NAME:][HOST_IP:]HOST_PORT:GUEST_PORT[/tcp|/udp]`: a port of the guest, offered by the host. */
import { OptionError } from "../error.js";
import type { Named } from "../options.js";
import { formatAddress, parseAddress } from "./address.js";

export interface PublishDescription {
  readonly protocol: "tcp" | "udp";
  /** Where the host listens; 127.0.0.1 unless given. */
  readonly hostAddress: string;
  /** 0: any that is free. */
  readonly hostPort: number;
  readonly guestPort: number;
  /** Takes another port when this one is in use; otherwise that is an error. */
  readonly flexible?: boolean;
  /** Of the URL that is printed; guessed from the port unless given. */
  readonly scheme?: string;
}

/** What an operator asks for. Without a protocol it is each that the image declares for the port, or TCP. */
export interface PublishWanted extends Omit<PublishDescription, "protocol"> {
  readonly protocol: PublishDescription["protocol"] | null;
}

export const PUBLISH_ADDRESS = "127.0.0.1";

const FORM =
  "-p [NAME:][HOST_IP:]HOST_PORT:GUEST_PORT[/udp], as in -p 8080:80, -p 0:80 or -p [::1]:5353:53/udp";

/** @throws OptionError */
export function parsePublishOption(text: string): Named<PublishWanted> {
  const fail = (problem: string): never => {
    throw new OptionError(`-p ${text}: ${problem}\nthe form is ${FORM}`);
  };
  const [, rest = text, protocol = null] = /^(.*)\/([a-z]*)$/s.exec(text) ?? [];
  if (protocol !== null && protocol !== "tcp" && protocol !== "udp") {
    return fail(`${JSON.stringify(protocol)} is neither tcp nor udp`);
  }
  const [, name = null, ports = rest] = /^([a-z][a-z0-9-]{0,62}):(.*)$/s.exec(rest) ?? [];
  const [, host, hostText, guestText] =
    /^(?:(\[[^\]]*\]|[^:[\]]*):)?([^:]*):([^:]*)$/s.exec(ports) ?? [];
  if (hostText === undefined || guestText === undefined) {
    return fail("the port of the host or that of the guest is missing");
  }
  const hostPort = parsePort(hostText, 0);
  if (hostPort === null) return fail(`${JSON.stringify(hostText)} is no port of the host`);
  const guestPort = parsePort(guestText, 1);
  if (guestPort === null) return fail(`${JSON.stringify(guestText)} is no port of the guest`);
  const hostAddress = host === undefined ? PUBLISH_ADDRESS : readHost(host);
  if (hostAddress === null) return fail(`${JSON.stringify(host)} is no address of the host`);
  return { name, description: { protocol, hostAddress, hostPort, guestPort } };
}

function readHost(text: string): string | null {
  const address = parseAddress(text.replace(/^\[(.*)\]$/, "$1"));
  return address === null ? null : formatAddress(address);
}

function parsePort(text: string, minimum: number): number | null {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : -1;
  return port >= minimum && port <= 65_535 ? port : null;
}
