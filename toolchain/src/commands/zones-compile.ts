/** `phantasm zones compile`. */
import { existsSync, readFileSync, unlinkSync } from "node:fs";
import { resolve } from "node:path";
import {
  COMPILED_BYTES_MAX,
  compileZones,
  DISK_BYTES_DEFAULT,
  DISK_BYTES_MIN,
  isZoneDisk,
  NameError,
  originOfFile,
  parseName,
  Problems,
  readZones,
  writeZones,
  type Zone,
} from "@phantasm/zone-format";
import { usageError, UserError } from "./errors.js";
import { fileError, shellWord, shown } from "./files.js";
import type { Invocation } from "./parse.js";
import { statusLine } from "./progress.js";
import type { Terminal } from "./terminal.js";
import { card, count, formatBytes } from "./text.js";
import { withZonesDisk } from "./zones-disk.js";

/** `phantasm zones compile FILE… -o DISK [--size SIZE] [--strict] [--force]`. */
export async function zonesCompile(invocation: Invocation, terminal: Terminal): Promise<number> {
  const hint = `See: ${terminal.program} help zones compile`;
  const output = invocation.value("output");
  if (output === undefined) throw usageError("zones compile needs a disk: -o DISK", hint);
  const size = await sizeOption(invocation.value("size"), hint);
  const files = invocation.operands.map((operand) => zoneFile(operand, hint));
  const line = statusLine(terminal);
  let content: Buffer;
  let zones: readonly Zone[];
  try {
    line.show(`reading ${count(files.length, "file")} …`);
    zones = read(files, invocation.flag("strict"), terminal);
    line.show(`compiling ${count(zones.length, "zone")} …`);
    content = compile(zones);
  } finally {
    line.clear();
  }
  const bytes = existsSync(resolve(output)) ? size : (size ?? DISK_BYTES_DEFAULT);
  const force = invocation.flag("force");
  const header = await withZonesDisk(output, { readonly: false, bytes }, (disk) => {
    if (!force && !isZoneDisk(disk.device))
      throw new UserError(`${disk.name} has something else than zones; nothing was changed`, {
        hint: `Overwrite what is on it: --force`,
      });
    try {
      return writeZones(disk.device, content);
    } catch (error) {
      if (disk.created) unlinkSync(disk.path);
      throw error;
    }
  });
  terminal.out(
    card([
      ["zones", String(zones.length)],
      ["content", formatBytes(header.bytes)],
      ["generation", String(header.generation)],
    ]),
  );
  const name = shellWord(shown(resolve(output)));
  terminal.say(`\nCheck it:  ${terminal.program} zones check ${name}\n`);
  return 0;
}

interface ZonePath {
  readonly path: string;
  /** In wire form. */
  readonly origin: string;
}

/** `FILE`, or `ORIGIN=FILE`. */
function zoneFile(operand: string, hint: string): ZonePath {
  const [, named, rest = ""] = /^([^=/]+)=(.+)$/.exec(operand) ?? [];
  const file = named === undefined ? operand : rest;
  const origin = named ?? originOfFile(operand);
  try {
    return {
      path: resolve(file),
      origin: parseName(origin.endsWith(".") ? origin : `${origin}.`, null),
    };
  } catch (error) {
    if (!(error instanceof NameError)) throw error;
    throw usageError(
      `${operand}: ${JSON.stringify(origin)} is no name of a zone (${error.message}); say it: example.org=${file}`,
      hint,
    );
  }
}

function read(files: readonly ZonePath[], strict: boolean, terminal: Terminal): Zone[] {
  const texts = new Map<string, string>();
  for (const { path } of files)
    try {
      texts.set(path, readFileSync(path, "latin1"));
    } catch (error) {
      throw fileError(path, error);
    }
  const readFile = (path: string): string | null => {
    try {
      return texts.get(path) ?? readFileSync(path, "latin1");
    } catch {
      return null;
    }
  };
  const problems = new Problems();
  const zones = readZones(files, { read: readFile, display: shown }, problems);
  const errors = [...problems.errors, ...(strict ? problems.warnings : [])];
  if (errors.length > 0) throw new UserError(errors.join("\n"));
  for (const warning of problems.warnings)
    terminal.say(`${terminal.sayStyle.yellow("warning")}: ${warning}\n`);
  return zones;
}

function compile(zones: readonly Zone[]): Buffer {
  try {
    const content = compileZones(zones);
    if (content.length <= COMPILED_BYTES_MAX) return content;
    throw new RangeError(
      `the zones have ${content.length} bytes when compiled; at most ${COMPILED_BYTES_MAX} are possible`,
    );
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new UserError(error.message);
  }
}

async function sizeOption(text: string | undefined, hint: string): Promise<number | undefined> {
  if (text === undefined) return undefined;
  const { parseSize } = await import("@phantasm/host/values");
  let bytes: number;
  try {
    bytes = Number(parseSize(text));
  } catch (error) {
    throw usageError(`--size ${text}: ${(error as Error).message}`, hint);
  }
  if (bytes % 4096 !== 0 || bytes < DISK_BYTES_MIN)
    throw usageError(
      `--size ${text}: at least ${DISK_BYTES_MIN / 1024}K, and whole pages of 4K`,
      hint,
    );
  return bytes;
}
