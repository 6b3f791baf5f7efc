/** `phantasm zones dump`. */
import { dumpZone, NameError, nameText, parseName } from "@phantasm/zone-format";
import { FAILURE_STATUS, UserError, usageError } from "./errors.js";
import type { Invocation } from "./parse.js";
import type { Terminal } from "./terminal.js";
import { findZones, withZonesDisk } from "./zones-disk.js";

const CHUNK_CHARACTERS = 262_144;

function wantedName(text: string | undefined, program: string): string | null {
  if (text === undefined) return null;
  try {
    return nameText(parseName(text.endsWith(".") ? text : `${text}.`, null)).toLowerCase();
  } catch (error) {
    if (!(error instanceof NameError)) throw error;
    throw usageError(`--zone ${text}: ${error.message}`, `See: ${program} help zones dump`);
  }
}

/** `phantasm zones dump DISK [--zone NAME]`. */
export async function zonesDump(invocation: Invocation, terminal: Terminal): Promise<number> {
  const [file = ""] = invocation.operands;
  const wanted = wantedName(invocation.value("zone"), terminal.program);
  const found = await withZonesDisk(file, { readonly: true }, findZones);
  const { zones } = found;
  let known = false;
  let chunk = "";
  for (const zone of zones.zones) {
    const name = nameText(zones.nameOf(zone.apex));
    if (wanted !== null && name.toLowerCase() !== wanted) continue;
    known = true;
    chunk += `; ${name} serial ${zone.serial}, generation ${found.header.generation}\n`;
    for (const line of dumpZone(zones, zone)) {
      chunk += line;
      if (chunk.length < CHUNK_CHARACTERS) continue;
      terminal.out(chunk);
      chunk = "";
      if (!(await terminal.ready())) return FAILURE_STATUS;
    }
  }
  terminal.out(chunk);
  await terminal.ready();
  if (wanted !== null && !known) throw new UserError(`${file}: it has no zone ${wanted}`);
  return 0;
}
