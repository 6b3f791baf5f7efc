/** Files that are baked into an image. */
import { resolve } from "node:path";
import { ConfigurationError, checkOptions, device, type DataContext, type Device } from "phantasm";
import { collect } from "./collect.js";
import { SUFFIXES, compress, type Encoding } from "./compress.js";
import { matcher } from "./globs.js";
import { MEDIA_TYPES, mediaTypeOf } from "./media-types.js";
import { pack, type PackedFile } from "./pack.js";

export interface FilesOptions {
  /** Patterns of what is taken, such as `["*.html", "assets/**"]`; default: everything. */
  readonly include?: readonly string[];
  /** Patterns of what is not; default: nothing. */
  readonly exclude?: readonly string[];
  /** Names that begin with a dot are taken too; default: only `.well-known`. */
  readonly hidden?: boolean;
  /** Compressed beside each file that gets smaller, as `name.br` and `name.gz`; default: none. */
  readonly precompress?: readonly Encoding[];
  /** Media types by extension, in addition: `{ gpx: "application/gpx+xml" }`. */
  readonly mediaTypes?: Readonly<Record<string, string>>;
  /** When the files count as changed last; default: not known. The times of the machine are not used. */
  readonly modified?: Date;
  /** Bytes of all files together, before compression; default 32 MiB, at most 60 MiB. */
  readonly bytesMax?: number;
}

const OPTIONS = [
  "include",
  "exclude",
  "hidden",
  "precompress",
  "mediaTypes",
  "modified",
  "bytesMax",
] as const satisfies (keyof FilesOptions)[];

const MIB = 1024 * 1024;
const BYTES_MAX_DEFAULT = 32 * MIB;
const BYTES_MAX_MAX = 60 * MIB;
const EXTENSION = /^[a-z0-9+-]{1,11}$/;
const MEDIA_TYPE = /^[\x21-\x7e][\x20-\x7e]*$/;

function checkPatterns(name: string, value: unknown): void {
  if (Array.isArray(value) && value.every((item) => typeof item === "string" && item !== ""))
    return;
  throw new ConfigurationError(`files: ${name} must be patterns such as ["*.html"]`, name);
}

function check(directory: unknown, options: FilesOptions): void {
  if (typeof directory !== "string" || directory === "")
    throw new ConfigurationError(`files: expected a directory such as "./htdocs"`);
  checkOptions("files", options, OPTIONS);
  const { include, exclude, precompress = [], mediaTypes = {}, modified, bytesMax } = options;
  if (include !== undefined) checkPatterns("include", include);
  if (exclude !== undefined) checkPatterns("exclude", exclude);
  if (
    !Array.isArray(precompress) ||
    !precompress.every((item: unknown) => item === "br" || item === "gzip")
  )
    throw new ConfigurationError(
      `files: precompress must be some of "br" and "gzip"`,
      "precompress",
    );
  checkOptions("files: mediaTypes", mediaTypes, Object.keys(mediaTypes));
  for (const [extension, type] of Object.entries(mediaTypes))
    if (!EXTENSION.test(extension) || typeof type !== "string" || !MEDIA_TYPE.test(type))
      throw new ConfigurationError(
        `files: mediaTypes must be like { gpx: "application/gpx+xml" }, got ${JSON.stringify({ [extension]: type })}`,
        "mediaTypes",
      );
  if (modified !== undefined && !(modified instanceof Date && Number.isFinite(modified.getTime())))
    throw new ConfigurationError("files: modified must be a Date", "modified");
  if (
    bytesMax !== undefined &&
    !(Number.isInteger(bytesMax) && bytesMax >= 1 && bytesMax <= BYTES_MAX_MAX)
  )
    throw new ConfigurationError(
      `files: bytesMax must be a whole number from 1 to ${BYTES_MAX_MAX}, got ${JSON.stringify(bytesMax)}`,
      "bytesMax",
    );
}

function bake(context: DataContext, directory: string, options: FilesOptions): Uint8Array {
  const { include, exclude = [], hidden = false, precompress = [], modified } = options;
  const { bytesMax = BYTES_MAX_DEFAULT, mediaTypes } = options;
  const included = include === undefined ? () => true : matcher(include);
  const excluded = matcher(exclude);
  const types = { ...MEDIA_TYPES, ...mediaTypes };
  const found = collect(context, resolve(context.directory, directory), {
    includes: (path) => included(path) && !excluded(path),
    hidden,
    bytesMax,
  });
  const taken = new Set(found.map(({ path }) => path));
  const files = found.flatMap(({ path, bytes }): PackedFile[] => {
    const file = { path, bytes, mediaType: mediaTypeOf(path, types), unlisted: false };
    const sidecars = [...compress(context, bytes, precompress)]
      .map(([encoding, made]) => ({ path: path + SUFFIXES[encoding], bytes: made }))
      // One that lies in the directory is the user's own.
      .filter((sidecar) => !taken.has(sidecar.path))
      .map((sidecar) => ({
        ...sidecar,
        mediaType: mediaTypeOf(sidecar.path, types),
        unlisted: true,
      }));
    return [file, ...sidecars];
  });
  return pack(files, BigInt(modified?.getTime() ?? 0) * 1_000_000n);
}

/**
 * Files that lie in the image, read-only: those below a directory, as they are when it is built.
 *
 * @param directory relative to the configuration
 * @example devices: { pages: files("./htdocs", { precompress: ["br", "gzip"] }) }
 */
export function files(directory: string, options: FilesOptions = {}): Device<"Files"> {
  check(directory, options);
  return device({
    module: "@phantasm/fs",
    class: "BakedFiles",
    provides: "Files",
    parameters: [{ name: "content", data: (context) => bake(context, directory, options) }],
  });
}
