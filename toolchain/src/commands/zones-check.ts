/** `phantasm zones check`. */
import { escapeTerminal } from "@phantasm/seal/escape";
import { nameText } from "@phantasm/zone-format";
import { FAILURE_STATUS } from "./errors.js";
import type { Invocation } from "./parse.js";
import type { Terminal } from "./terminal.js";
import { card, count, formatBytes } from "./text.js";
import { findZones, withZonesDisk } from "./zones-disk.js";

/** More are counted. */
const ZONES_SHOWN_MAX = 20;

/** `phantasm zones check DISK [--json]`. */
export function zonesCheck(invocation: Invocation, terminal: Terminal): Promise<number> {
  const [file = ""] = invocation.operands;
  return withZonesDisk(file, { readonly: true }, (disk) => {
    const { header, zones, problems } = findZones(disk);
    const all = zones.zones.map((zone) => ({
      name: nameText(zones.nameOf(zone.apex)),
      serial: zone.serial,
      records: zone.records,
    }));
    const status = problems.length === 0 ? 0 : FAILURE_STATUS;
    if (invocation.flag("json")) {
      const { generation, bytes } = header;
      const report = {
        disk: disk.name,
        generation: String(generation),
        bytes,
        problems,
        zones: all,
      };
      terminal.out(`${JSON.stringify(report, null, 2)}\n`);
      return status;
    }
    for (const problem of problems) terminal.out(`${disk.name}: ${escapeTerminal(problem)}\n`);
    terminal.out(
      card([
        ["generation", String(header.generation)],
        ["content", `${formatBytes(header.bytes)}, ${count(zones.records, "record")}`],
        ...all
          .slice(0, ZONES_SHOWN_MAX)
          .map(({ name, serial, records }): [string, string] => [
            "zone",
            escapeTerminal(`${name} serial ${serial}, ${count(records, "record")}`),
          ]),
        ["", all.length > ZONES_SHOWN_MAX ? `and ${all.length - ZONES_SHOWN_MAX} zones more` : ""],
      ]),
    );
    return status;
  });
}
