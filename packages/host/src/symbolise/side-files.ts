/** The files beside an image: names of functions and classes, and the source map. */
import { readFileSync } from "node:fs";
import { parseNames, SealError } from "@phantasm/seal";
import { escapeTerminal } from "@phantasm/seal/escape";

/** What was found; null where there is nothing that fits. */
export interface SideFiles {
  /** Payload of a name section. */
  readonly names: Uint8Array | null;
  /** Text of the source map. */
  readonly sourceMap: string | null;
  /** Names of classes by their number in the image; safe to print. */
  readonly classes: readonly string[] | null;
  /** One line for each file that is there but belongs to another image, or is broken. */
  readonly problems: readonly string[];
}

/** More than this is no side file of ours. */
const SIDE_FILE_BYTES_MAX = 256 * 1024 * 1024;

const CLASS_CHARACTERS_MAX = 256;

/** Reads `<image>.names` and `<image>.map`. Never throws: they are for diagnosis only. */
export function readSideFiles(imagePath: string, digest: string): SideFiles {
  const problems: string[] = [];
  const names = read(`${imagePath}.names`, problems, (bytes) => parseNames(bytes, digest));
  const map = read(`${imagePath}.map`, problems, (bytes) => {
    const text = bytes.toString("utf8");
    const parsed: unknown = JSON.parse(text);
    if (field(parsed, "x_phantasm_digest") === digest) {
      return { text, classes: classesOf(field(parsed, "x_phantasm_classes")) };
    }
    throw new SealError("side-file-digest", "it belongs to another image: build again");
  });
  return { names, sourceMap: map?.text ?? null, classes: map?.classes ?? null, problems };
}

function read<T>(path: string, problems: string[], parse: (bytes: Buffer) => T): T | null {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch {
    return null;
  }
  try {
    if (bytes.length > SIDE_FILE_BYTES_MAX) throw new Error("it is too large");
    return parse(bytes);
  } catch (error) {
    problems.push(`${path} is not used: ${error instanceof Error ? error.message : String(error)}`);
    return null;
  }
}

function field(map: unknown, name: string): unknown {
  if (typeof map !== "object" || map === null || !Object.hasOwn(map, name)) return null;
  return (map as Readonly<Record<string, unknown>>)[name];
}

function classesOf(list: unknown): string[] | null {
  if (!Array.isArray(list)) return null;
  return list.map((name: unknown) =>
    typeof name === "string" ? escapeTerminal(name.slice(0, CLASS_CHARACTERS_MAX)) : "",
  );
}
