/**
 * Backends as the operator writes them, and as plain data that can be sent to a worker.
 *
 * `--net [NAME=]loopback|switch:PATH[,mac=MAC][,mtu=BYTES]`
 * `--block [NAME=]FILE[:SIZE][:ro]` or `--block [NAME=]mem:SIZE[:ro]`
 * `--pcap [NAME=]FILE`
 *
 * The name is that of the device in the manifest; without one, the caller takes the only device of
 * the type. All parsers throw BackendError.
 */
import { BackendError } from "./error.js";
import { MTU_MAX, MTU_MIN } from "./link.js";
import { parseMac } from "./mac.js";

interface LinkDescription {
  /** `02:00:00:00:00:01`; random unless given. */
  readonly mac?: string;
  /** Bytes; 1500 unless given. */
  readonly mtu?: number;
  /** A pcap file that every frame is written to. */
  readonly pcap?: string;
}

export type NetDescription =
  | (LinkDescription & { readonly kind: "loopback" })
  | (LinkDescription & { readonly kind: "switch"; readonly path: string });

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
  "--net [NAME=]loopback or --net [NAME=]switch:PATH, then optionally ,mac=02:00:00:00:00:01 or ,mtu=9000";
const BLOCK_FORM =
  "--block [NAME=]FILE[:SIZE][:ro] or --block [NAME=]mem:SIZE, as in --block disk=disk.img:64M";
const PCAP_FORM = "--pcap [NAME=]FILE, as in --pcap net=trace.pcap";

export function parseNetOption(text: string): Named<NetDescription> {
  const { name, rest } = splitName(text);
  const fail = (problem: string): never => refuse("--net", text, problem, NET_FORM);
  const { kind, options } = splitLinkOptions(rest, fail);
  if (kind === "loopback") return { name, description: { kind, ...options } };
  if (kind.startsWith("switch:")) {
    const path = kind.slice("switch:".length);
    if (path === "") fail("the path of the switch is missing");
    return { name, description: { kind: "switch", path, ...options } };
  }
  if (kind === "switch") return fail("the path of the switch is missing");
  if (kind === "user" || kind === "tap" || kind.startsWith("tap:")) {
    return fail(
      `the backend ${kind.split(":", 1).join()} is not in this version, which has loopback and switch`,
    );
  }
  return fail(kind === "" ? "the backend is missing" : `there is no backend ${quote(kind)}`);
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
