/** Zones that are baked into an image. */
import { readFileSync } from "node:fs";
import { basename, relative, resolve } from "node:path";
import { ConfigurationError, checkOptions, device, type DataContext, type Device } from "phantasm";
import { compileZones } from "./compile.js";
import { readMasterFile, type ZoneRecord } from "./master-file.js";
import { NameError, ROOT, nameText, parentOf, parseName } from "./name.js";
import { Problems } from "./problems.js";
import { CODE } from "./types.js";
import { checkZone, type Zone } from "./zone.js";

/** A zone file whose origin does not follow from its name. */
export interface ZoneFile {
  /** Relative to the configuration. */
  readonly file: string;
  /** What names without a dot at their end are below, until the file's $ORIGIN. */
  readonly origin: string;
}

export interface ZonesOptions {
  /** What usually is a mistake, such as an MX record that leads to an alias, stops the build. Default false. */
  readonly strict?: boolean;
  /** Records of all zones together. Default and most 8000000; the zones have at most 60 MiB. */
  readonly recordsMax?: number;
}

const RECORDS_MAX = 8_000_000;
const BYTES_MAX = 60 * 1024 * 1024;
/** What is left out of a file's name to get the zone's. */
const SUFFIX = /\.(zone|db|txt)$/;

function zoneFile(value: string | ZoneFile): ZoneFile {
  if (typeof value === "string" && value !== "")
    return { file: value, origin: basename(value).replace(SUFFIX, "") };
  checkOptions("zones", value, ["file", "origin"]);
  const { file, origin } = value as ZoneFile;
  if (typeof file === "string" && file !== "" && typeof origin === "string")
    return { file, origin };
  throw new ConfigurationError(
    `zones: expected files such as "./example.org.zone", or { file, origin }, got ${JSON.stringify(value)}`,
  );
}

function originOf({ file, origin }: ZoneFile): string {
  try {
    return parseName(origin.endsWith(".") ? origin : `${origin}.`, null);
  } catch (error) {
    if (!(error instanceof NameError)) throw error;
    throw new ConfigurationError(
      `zones: ${JSON.stringify(origin)} of ${file} is no name of a zone (${error.message}); say it: { file: ${JSON.stringify(file)}, origin: "example.org" }`,
    );
  }
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

function bake(context: DataContext, files: readonly ZoneFile[], options: ZonesOptions): Uint8Array {
  const read = (path: string): string | null => {
    context.input(path);
    try {
      return readFileSync(path, "latin1");
    } catch {
      return null;
    }
  };
  const display = (path: string): string => relative(context.directory, path).replaceAll("\\", "/");
  const paths = files.map((one) => ({
    path: resolve(context.directory, one.file),
    origin: originOf(one),
  }));
  for (const { path } of paths)
    if (read(path) === null)
      throw new ConfigurationError(`zones: ${display(path)} cannot be read: is there such a file?`);
  const problems = new Problems();
  const { strict = false, recordsMax = RECORDS_MAX } = options;
  const zones = readZones(paths, { read, display, recordsMax }, problems);
  const found = [...problems.errors, ...(strict ? problems.warnings : [])];
  if (!strict) for (const warning of problems.warnings) context.warn(warning);
  if (found.length > 0) throw new ConfigurationError(`zones: ${found.join("\n  ")}`);
  let bytes: Uint8Array;
  try {
    bytes = compileZones(zones);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new ConfigurationError(`zones: ${error.message}; an image has at most that`);
  }
  if (bytes.length > BYTES_MAX)
    throw new ConfigurationError(
      `zones: they have ${bytes.length} bytes when compiled; at most ${BYTES_MAX} are possible`,
    );
  return bytes;
}

/**
 * Zones from master files (RFC 1035 §5), checked and compiled when the image is built. The origin is the file's name
 * without `.zone`, `.db` or `.txt`, unless it is given or the file says `$ORIGIN`.
 *
 * @param files relative to the configuration; none, for a server that is only a secondary
 * @example devices: { zones: zones(["./zones/example.org.zone"]) }
 */
export function zones(
  files: readonly (string | ZoneFile)[],
  options: ZonesOptions = {},
): Device<"Zones"> {
  if (!Array.isArray(files))
    throw new ConfigurationError(`zones: expected files such as ["./example.org.zone"]`);
  checkOptions("zones", options, ["strict", "recordsMax"]);
  const { strict, recordsMax } = options;
  if (strict !== undefined && typeof strict !== "boolean")
    throw new ConfigurationError("zones: strict must be true or false", "strict");
  if (
    recordsMax !== undefined &&
    !(Number.isInteger(recordsMax) && recordsMax >= 1 && recordsMax <= RECORDS_MAX)
  )
    throw new ConfigurationError(
      `zones: recordsMax must be a whole number from 1 to ${RECORDS_MAX}`,
      "recordsMax",
    );
  const named = (files as readonly (string | ZoneFile)[]).map(zoneFile);
  return device({
    module: "@phantasm/dns-server",
    class: "Zones",
    provides: "Zones",
    interfaces: "@phantasm/dns-server",
    parameters: [{ name: "content", data: (context) => bake(context, named, options) }],
  });
}
