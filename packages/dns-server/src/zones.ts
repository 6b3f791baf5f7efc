/** Zones that are baked into an image. */
import { readFileSync } from "node:fs";
import { relative, resolve } from "node:path";
import {
  COMPILED_BYTES_MAX,
  NameError,
  Problems,
  RECORDS_MAX,
  compileZones,
  originOfFile,
  parseName,
  readZones,
} from "@phantasm/zone-format";
import { ConfigurationError, checkOptions, device, type DataContext, type Device } from "phantasm";

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

function zoneFile(value: string | ZoneFile): ZoneFile {
  if (typeof value === "string" && value !== "")
    return { file: value, origin: originOfFile(value) };
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
    throw new ConfigurationError(`zones: ${error.message}`);
  }
  if (bytes.length > COMPILED_BYTES_MAX)
    throw new ConfigurationError(
      `zones: they have ${bytes.length} bytes when compiled; at most ${COMPILED_BYTES_MAX} are possible`,
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
