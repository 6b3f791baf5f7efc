/**
 * Backends as the operator writes them, and as plain data that can be sent to a worker.
 *
 * `--net [NAME=]user|loopback|switch:PATH|tap:IF|tap-fd:N[,mac=MAC][,mtu=BYTES]`
 * `-p [NAME:][HOST_IP:]HOST_PORT:GUEST_PORT[/udp]` and `--egress [NAME=]RULE` for `user`
 * `--block [NAME=]FILE[:SIZE][:ro]`, `[NAME=]mem:SIZE[:ro]` or `[NAME=]overlay:FILE`, each with
 * `,sector=4096`, files with `,direct` or `,async`; `--block-faults [NAME=]KEY=VALUE,…`, `--block-log [NAME=]FILE`
 * `--pcap [NAME=]FILE`, `--net-trace [NAME=]FILE|-`, `--impair [NAME=]KEY=VALUE,…`
 *
 * The name is that of the device in the manifest; without one, the caller takes the only device of
 * the type. All parsers throw OptionError.
 */
import { parseBlockOption, parseBlockLogOption, type BlockDescription } from "./block/options.js";
import { parseFaultsOption, type FaultsDescription } from "./block/faults-options.js";
import { parseImpairOption, type ImpairDescription } from "./impair/options.js";
import { MTU_MAX, MTU_MIN } from "./link.js";
import { parseMac } from "./mac.js";
import { quote, refuse, splitName, type Named } from "./option-text.js";
import { EgressRules } from "./user/egress.js";
import type { PublishDescription } from "./user/publish-option.js";

export {
  parsePublishOption,
  type PublishDescription,
  type PublishWanted,
} from "./user/publish-option.js";

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

const NET_FORM =
  "--net [NAME=]user, [NAME=]loopback, [NAME=]switch:PATH or [NAME=]tap:IF, then optionally ,mac=02:00:00:00:00:01 or ,mtu=9000";
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
export { parseBlockOption, parseBlockLogOption, type BlockDescription };
export { parseFaultsOption, type FaultsDescription };
export { parseSize, type Named } from "./option-text.js";

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
