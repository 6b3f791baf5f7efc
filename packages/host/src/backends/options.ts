/**
 * Backends as the operator writes them, and as plain data that can be sent to a worker.
 *
 * `--net [NAME=]user|loopback|switch:PATH|tap:IF|tap-fd:N[,mac=MAC][,mtu=BYTES]`
 * `-p [NAME:][HOST_IP:]HOST_PORT:GUEST_PORT[/udp]` and `--egress [NAME=]RULE` for `user`
 * `--block [NAME=]FILE[:SIZE][:ro]` or `--block [NAME=]mem:SIZE[:ro]`
 * `--pcap [NAME=]FILE`, `--net-trace [NAME=]FILE|-`, `--impair [NAME=]KEY=VALUE,…`
 *
 * The name is that of the device in the manifest; without one, the caller takes the only device of
 * the type. All parsers throw BackendError.
 */
import { BackendError } from "./error.js";
import { parseImpairOption, type ImpairDescription } from "./impair/options.js";
import { MTU_MAX, MTU_MIN } from "./link.js";
import { parseMac } from "./mac.js";
import { EgressRules } from "./user/egress.js";
import type { PublishDescription } from "./user/publish-option.js";

export { parsePublishOption, type PublishDescription } from "./user/publish-option.js";

interface LinkDescription {
  /** `02:00:00:00:00:01`; random unless given. */
  readonly mac?: string;
  /** Bytes; unless given, that of the interface of a tap, 65520 for `user`, and 1500 for others. */
  readonly mtu?: number;
  /** What the operator calls the device, for files about it. */
  readonly name?: string;
  /** A pcapng file that every frame is written to. */
  readonly pcap?: string;
  /** A file with a readable line for every frame; `-` is standard error. */
  readonly trace?: string;
  /** What is done to its frames, in both directions. */
  readonly impair?: ImpairDescription;
}

export interface UserDescription extends LinkDescription {
  readonly kind: "user";
  /** Ports of the guest that the host offers. */
  readonly publish?: readonly PublishDescription[];
  /** What the guest may reach: see `user/egress.ts`. */
  readonly egress?: readonly string[];
}

export type NetDescription =
  | UserDescription
  | (LinkDescription & { readonly kind: "loopback" })
  | (LinkDescription & { readonly kind: "switch"; readonly path: string })
  | (LinkDescription & { readonly kind: "tap"; readonly interface: string })
  | (LinkDescription & { readonly kind: "tap-fd"; readonly descriptor: number });

interface DiskDescription {
  readonly readonly?: boolean;
  /** 512 unless given. */
  readonly sectorBytes?: 512 | 4096;
}

export type BlockDescription =
  | (DiskDescription & {
      readonly kind: "file";
      readonly path: string;
      /** Creates the file with this size, or insists on it. */
      readonly bytes?: number;
    })
  | (DiskDescription & { readonly kind: "memory"; readonly bytes: number });

/** What was attached to which device; null: to the only one of its type. */
export interface Named<T> {
  readonly name: string | null;
  readonly description: T;
}

const NET_FORM =
  "--net [NAME=]user, [NAME=]loopback, [NAME=]switch:PATH or [NAME=]tap:IF, then optionally ,mac=02:00:00:00:00:01 or ,mtu=9000";
const BLOCK_FORM =
  "--block [NAME=]FILE[:SIZE][:ro] or --block [NAME=]mem:SIZE, as in --block disk=disk.img:64M";
const TAP_FD_FORM = "--tap-fd [NAME=]N, then optionally ,mac=02:00:00:00:00:01 or ,mtu=9000";
const DESCRIPTOR_PROBLEM = "a descriptor is a number, as 3 in 3</dev/net/tun";
/** dev_valid_name of Linux: 1 to 15 bytes, no slash, colon or space. */
const INTERFACE_NAME = /^(?!\.{1,2}$)[^\s/:]{1,15}$/;
const PCAP_FORM = "--pcap [NAME=]FILE, as in --pcap net=trace.pcapng";
const NET_TRACE_FORM = "--net-trace [NAME=]FILE, or - for standard error";

export function parseNetOption(text: string): Named<NetDescription> {
  const { name: device, rest } = splitName(text);
  const fail = (problem: string): never => refuse("--net", text, problem, NET_FORM);
  const { kind, options } = splitLinkOptions(rest, fail);
  if (kind === "loopback" || kind === "user") {
    return { name: device, description: { kind, ...options } };
  }
  if (kind.startsWith("switch:")) {
    const path = kind.slice("switch:".length);
    if (path === "") fail("the path of the switch is missing");
    return { name: device, description: { kind: "switch", path, ...options } };
  }
  if (kind === "switch") return fail("the path of the switch is missing");
  if (kind === "tap" || kind.startsWith("tap:")) {
    const name = kind.slice("tap:".length);
    if (name === "") fail("the tap interface is missing, as tap0 in tap:tap0");
    if (!INTERFACE_NAME.test(name)) fail(`${quote(name)} cannot be the name of an interface`);
    return { name: device, description: { kind: "tap", interface: name, ...options } };
  }
  if (kind === "tap-fd" || kind.startsWith("tap-fd:")) {
    const descriptor = parseDescriptor(kind.slice("tap-fd:".length)) ?? fail(DESCRIPTOR_PROBLEM);
    return { name: device, description: { kind: "tap-fd", descriptor, ...options } };
  }
  return fail(kind === "" ? "the backend is missing" : `there is no backend ${quote(kind)}`);
}

/** `--tap-fd [NAME=]N[,mac=MAC][,mtu=BYTES]`, short for `--net [NAME=]tap-fd:N…`. */
export function parseTapDescriptorOption(text: string): Named<NetDescription> {
  const { name, rest } = splitName(text);
  const fail = (problem: string): never => refuse("--tap-fd", text, problem, TAP_FD_FORM);
  const { kind, options } = splitLinkOptions(rest, fail);
  const descriptor = parseDescriptor(kind) ?? fail(DESCRIPTOR_PROBLEM);
  return { name, description: { kind: "tap-fd", descriptor, ...options } };
}

function parseDescriptor(text: string): number | null {
  return /^\d{1,6}$/.test(text) ? Number(text) : null;
}

export function parseBlockOption(text: string): Named<BlockDescription> {
  const { name, rest } = splitName(text);
  const fail = (problem: string): never => refuse("--block", text, problem, BLOCK_FORM);
  const readonly = rest.endsWith(":ro");
  const sized = readonly ? rest.slice(0, -":ro".length) : rest;
  const flags = readonly ? { readonly } : {};
  const colon = sized.lastIndexOf(":");
  // A colon may be part of the name of the file; a size begins with a digit.
  const hasSize = colon >= 0 && /^\d[^/]*$/.test(sized.slice(colon + 1));
  const target = hasSize ? sized.slice(0, colon) : sized;
  const bytes = hasSize ? parseSize(sized.slice(colon + 1)) : undefined;
  if (bytes === null) {
    return fail(
      `${quote(sized.slice(colon + 1))} is not a size; sizes are 65536, 512K, 64M, 2G or 1T`,
    );
  }
  if (target === "mem" || target.startsWith("mem:")) {
    if (target !== "mem" || bytes === undefined) {
      return fail("a memory disk needs a size, as in mem:16M");
    }
    return { name, description: { kind: "memory", bytes, ...flags } };
  }
  if (target === "") return fail("the file is missing");
  const size = bytes === undefined ? {} : { bytes };
  return { name, description: { kind: "file", path: target, ...size, ...flags } };
}

export function parsePcapOption(text: string): Named<string> {
  const { name, rest } = splitName(text);
  if (rest === "") return refuse("--pcap", text, "the file is missing", PCAP_FORM);
  return { name, description: rest };
}

/** `--egress [NAME=]RULE`; the rule is checked, and stays text. */
export function parseEgressOption(text: string): Named<string> {
  const { name, rest } = splitName(text);
  new EgressRules([rest]);
  return { name, description: rest };
}

/** A file, or `-` for standard error. */
export function parseNetTraceOption(text: string): Named<string> {
  const { name, rest } = splitName(text);
  if (rest === "") return refuse("--net-trace", text, "the file is missing", NET_TRACE_FORM);
  return { name, description: rest };
}

export { parseImpairOption, type ImpairDescription };

const UNITS: Readonly<Record<string, number>> = {
  "": 1,
  K: 2 ** 10,
  M: 2 ** 20,
  G: 2 ** 30,
  T: 2 ** 40,
};

/** Bytes of `4096`, `512K`, `64M`, `2G`, `1T` (powers of 1024); null when it is not a size, or 0. */
export function parseSize(text: string): number | null {
  const [, digits, unit] = /^(\d+)([KMGT]?)(?:i?B)?$/i.exec(text) ?? [];
  const scale = UNITS[unit?.toUpperCase() ?? "none"];
  if (digits === undefined || scale === undefined) return null;
  const bytes = Number(digits) * scale;
  return Number.isSafeInteger(bytes) && bytes > 0 ? bytes : null;
}

/** Like NAME_PATTERN of the manifest, so that a path with `=` in it is still a path. */
const NAMED = /^([a-z][a-z0-9-]{0,62})=(.*)$/s;

function splitName(text: string): { name: string | null; rest: string } {
  const [, name = null, rest = text] = NAMED.exec(text) ?? [];
  return { name, rest };
}

/** Options stand at the end; a comma without `key=` after it belongs to the path. */
function splitLinkOptions(
  text: string,
  fail: (problem: string) => never,
): { kind: string; options: LinkDescription } {
  let kind = text;
  const options: { mac?: string; mtu?: number } = {};
  for (;;) {
    const [, before, key, value = ""] = /^(.*),([a-z]+)=([^,/]*)$/s.exec(kind) ?? [];
    if (before === undefined || key === undefined) return { kind, options };
    kind = before;
    if (key === "mac") {
      if (options.mac !== undefined) fail("mac= is there twice");
      if (parseMac(value) === null) {
        fail(`${quote(value)} is not the address of one station, as 02:00:00:00:00:01 is`);
      }
      options.mac = value;
    } else if (key === "mtu") {
      if (options.mtu !== undefined) fail("mtu= is there twice");
      const mtu = /^\d{1,5}$/.test(value) ? Number(value) : 0;
      if (mtu < MTU_MIN || mtu > MTU_MAX) fail(`an mtu is ${MTU_MIN} to ${MTU_MAX}`);
      options.mtu = mtu;
    } else {
      fail(`there is no option ${quote(key)}`);
    }
  }
}

function quote(text: string): string {
  return JSON.stringify(text);
}

function refuse(option: string, text: string, problem: string, form: string): never {
  throw new BackendError(`${option} ${text}: ${problem}\nthe form is ${form}`);
}
