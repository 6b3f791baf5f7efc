/** Zones from master files, with what must hold among several of them. */
import { basename } from "node:path";
import { readMasterFile, type ZoneRecord } from "./master-file.js";
import { ROOT, nameText, parentOf } from "./name.js";
import type { Problems } from "./problems.js";
import { CODE } from "./types.js";
import { checkZone, type Zone } from "./zone.js";

/** Of all zones together; a limit of what one build holds in memory. */
export const RECORDS_MAX = 8_000_000;
/** What is left out of a file's name to get the zone's. */
const SUFFIX = /\.(zone|db|txt)$/;

/** The origin that follows from a file's name. */
export function originOfFile(file: string): string {
  return basename(file).replace(SUFFIX, "");
}

export interface ZoneReader {
  /** The text of a file, one character a byte; null: it cannot be read. */
  readonly read: (path: string) => string | null;
  readonly display: (path: string) => string;
  readonly recordsMax?: number;
}

/** A zone below another one: the zone above must lead to it. */
function checkZones(
  zones: ReadonlyMap<string, { readonly zone: Zone; readonly file: string }>,
  problems: Problems,
): void {
  for (const { zone, file } of zones.values()) {
    if (zone.apex === ROOT) continue;
    let above = parentOf(zone.apex);
    while (above !== ROOT && !zones.has(above)) above = parentOf(above);
    const outer = zones.get(above)?.zone;
    if (!outer) continue;
    const at = (name: string, type: number): ZoneRecord | undefined =>
      outer.names.get(name)?.sets.find((set) => set.type === type)?.records[0];
    for (let name = zone.apex; name !== outer.apex; name = parentOf(name)) {
      const alias = at(name, CODE.DNAME) ?? at(name, CODE.CNAME);
      if (alias)
        problems.error(
          alias.file,
          alias.position,
          `${nameText(name)} is an alias, and the zone ${nameText(zone.apex)} is in ${file}: keep either`,
        );
    }
    if (!at(zone.apex, CODE.NS))
      problems.warning(
        file,
        { line: 1, column: 1 },
        `${nameText(outer.apex)} does not delegate ${nameText(zone.apex)}: add NS records there`,
      );
  }
}

/** Reads and checks zones; what is wrong is in `problems`. */
export function readZones(
  files: readonly { readonly path: string; readonly origin: string | null }[],
  { read, display, recordsMax = RECORDS_MAX }: ZoneReader,
  problems: Problems,
): Zone[] {
  const zones = new Map<string, { zone: Zone; file: string }>();
  for (const { path, origin } of files) {
    const file = display(path);
    const before = problems.errors.length;
    const records = readMasterFile(path, { origin, problems, read, display, recordsMax });
    // Without what could not be read, nearly everything else would be missing too.
    const zone = problems.errors.length === before ? checkZone(records, file, problems) : null;
    if (!zone) continue;
    const known = zones.get(zone.apex);
    if (known)
      problems.error(
        file,
        { line: 1, column: 1 },
        `the zone ${nameText(zone.apex)} is in ${known.file} already`,
      );
    else zones.set(zone.apex, { zone, file });
  }
  checkZones(zones, problems);
  return [...zones.values()].map(({ zone }) => zone);
}
