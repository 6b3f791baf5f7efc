/**
 * `--block [NAME=]FILE[:SIZE][:ro][,sector=4096][,direct|,async]`, `mem:SIZE`, `overlay:FILE[,changes=FILE]`
 * as plain data; and `--block-log [NAME=]FILE`.
 */
import { nearest } from "../../arguments/suggest.js";
import { parseSize, quote, refuse, splitName, type Named } from "../option-text.js";
import type { FaultsDescription } from "./faults-options.js";
import type { SectorBytes } from "./geometry.js";

interface DiskDescription {
  readonly readonly?: boolean;
  /** 512 unless given. */
  readonly sectorBytes?: SectorBytes;
  /** What goes wrong with its requests. */
  readonly faults?: FaultsDescription;
  /** A file that every write and flush is recorded in: see `log-file.ts`. */
  readonly log?: string;
}

export interface FileDescription extends DiskDescription {
  readonly kind: "file";
  readonly path: string;
  /** Creates the file with this size, or insists on it. */
  readonly bytes?: number;
  /** Past the page cache; implies `async`. */
  readonly direct?: boolean;
  /** Requests run on other threads: for data that is not in the page cache. */
  readonly async?: boolean;
}

export interface OverlayDescription extends DiskDescription {
  readonly kind: "overlay";
  /** The file below, which is only read. */
  readonly path: string;
  /** Keeps what was changed, from one boot to the next; in memory unless given. */
  readonly changes?: string;
  readonly direct?: boolean;
  readonly async?: boolean;
}

export interface MemoryDescription extends DiskDescription {
  readonly kind: "memory";
  readonly bytes: number;
}

export type BlockDescription = FileDescription | OverlayDescription | MemoryDescription;

const FORM =
  "--block [NAME=]FILE[:SIZE][:ro], [NAME=]mem:SIZE or [NAME=]overlay:FILE, then optionally ,sector=4096, ,direct or ,async, as in --block disk=disk.img:64M";
const LOG_FORM = "--block-log [NAME=]FILE, as in --block-log disk=writes.blog";

/** What stands at the end, after commas. */
interface Options {
  sectorBytes?: SectorBytes;
  direct?: boolean;
  async?: boolean;
  changes?: string;
}

const WORDS = ["sector=", "direct", "async", "changes="];

export function parseBlockOption(text: string): Named<BlockDescription> {
  const { name, rest } = splitName(text);
  const fail = (problem: string): never => refuse("--block", text, problem, FORM);
  const { target, options } = splitOptions(rest, fail);
  const { changes, direct, async, ...sector } = options;
  const described = describeTarget(target, fail);
  const threads = { ...(direct && { direct }), ...(async && { async }) };
  if (described.kind === "memory" && (direct ?? async) !== undefined)
    return fail(`a memory disk has no ,${direct ? "direct" : "async"}`);
  if (described.kind !== "overlay") {
    if (changes !== undefined) fail("changes= is for overlay:FILE");
    return { name, description: { ...described, ...sector, ...threads } };
  }
  const kept = changes === undefined ? {} : { changes };
  return { name, description: { ...described, ...sector, ...threads, ...kept } };
}

/** The part before the options. */
function describeTarget(text: string, fail: (problem: string) => never): BlockDescription {
  const readonly = text.endsWith(":ro");
  const sized = readonly ? text.slice(0, -":ro".length) : text;
  const flags = readonly ? { readonly } : {};
  const colon = sized.lastIndexOf(":");
  // A colon may be part of the name of the file; a size begins with a digit.
  const hasSize = colon >= 0 && /^\d[^/]*$/.test(sized.slice(colon + 1));
  const target = hasSize ? sized.slice(0, colon) : sized;
  const bytes = hasSize ? parseSize(sized.slice(colon + 1)) : undefined;
  if (bytes === null)
    return fail(
      `${quote(sized.slice(colon + 1))} is not a size; sizes are 65536, 512K, 64M, 2G or 1T`,
    );
  if (/,(direct|async|sector=\d*)$/.test(target))
    return fail(
      `${readonly ? ":ro" : "the size"} comes before the options, as in FILE:64M:ro,sector=4096`,
    );
  if (target === "mem" || target.startsWith("mem:")) {
    if (target !== "mem" || bytes === undefined)
      return fail("a memory disk needs a size, as in mem:16M");
    return { kind: "memory", bytes, ...flags };
  }
  if (target === "overlay" || target === "overlay:") return fail("the file below is missing");
  if (target.startsWith("overlay:")) {
    if (bytes !== undefined) fail("an overlay has the size of its file; leave the size out");
    if (readonly) fail("an overlay is there to be written; FILE:ro forbids writes");
    return { kind: "overlay", path: target.slice("overlay:".length) };
  }
  if (target === "") return fail("the file is missing");
  return { kind: "file", path: target, ...(bytes === undefined ? {} : { bytes }), ...flags };
}

/** Options stand at the end. A comma before anything else belongs to the path. */
function splitOptions(
  text: string,
  fail: (problem: string) => never,
): { target: string; options: Options } {
  const options: Options = {};
  let target = text;
  for (;;) {
    const [, before, key = "", equals = "", value = ""] =
      /^(.*),([a-z]+)(?:(=)([^,]*))?$/s.exec(target) ?? [];
    if (before === undefined) return { target, options };
    // No value of an option but a file has a slash: the comma is part of the path.
    if (value.includes("/") && key !== "changes") return { target, options };
    const known = WORDS.includes(key + equals);
    if (!known && equals === "") {
      const near = key === "ro" ? "it is written :ro" : suggestion(key);
      // What is like no option may be the end of a name.
      if (near === null) return { target, options };
      fail(`there is no option ${quote(key)}; ${near}`);
    }
    if (!known) {
      const near = suggestion(key) ?? `options are ${WORDS.join(", ")}`;
      fail(
        key === "size" || key === "bytes"
          ? "a size is written FILE:64M"
          : `there is no option ${quote(`${key}=`)}; ${near}`,
      );
    }
    target = before;
    if (key === "direct" || key === "async") {
      if (options[key] !== undefined) fail(`${key} is there twice`);
      options[key] = true;
    } else if (key === "changes") {
      if (options.changes !== undefined) fail("changes= is there twice");
      if (value === "") fail("the file of changes= is missing");
      options.changes = value;
    } else {
      if (options.sectorBytes !== undefined) fail("sector= is there twice");
      const bytes = parseSize(value);
      if (bytes !== 512 && bytes !== 4096) return fail("a sector has 512 or 4096 bytes");
      options.sectorBytes = bytes;
    }
  }
}

function suggestion(key: string): string | null {
  const near = nearest(key, ["sector", "direct", "async", "changes"]);
  return near === null ? null : `did you mean ,${WORDS.find((word) => word.startsWith(near))}?`;
}

/** A file that writes are recorded in. */
export function parseBlockLogOption(text: string): Named<string> {
  const { name, rest } = splitName(text);
  if (rest === "") return refuse("--block-log", text, "the file is missing", LOG_FORM);
  return { name, description: rest };
}
