/** The files beside an image: names of functions, and the source map. */
import { readFileSync } from "node:fs";
import { parseNames, SealError } from "@phantasm/seal";

/** What was found; null where there is nothing that fits. */
export interface SideFiles {
  /** Payload of a name section. */
  readonly names: Uint8Array | null;
  /** Text of the source map. */
  readonly sourceMap: string | null;
  /** One line for each file that is there but belongs to another image, or is broken. */
  readonly problems: readonly string[];
}

/** More than this is no side file of ours. */
const SIDE_FILE_BYTES_MAX = 256 * 1024 * 1024;

/** Reads `<image>.names` and `<image>.map`. Never throws: they are for diagnosis only. */
export function readSideFiles(imagePath: string, digest: string): SideFiles {
  const problems: string[] = [];
  const names = read(`${imagePath}.names`, problems, (bytes) => parseNames(bytes, digest));
  const sourceMap = read(`${imagePath}.map`, problems, (bytes) => {
    const text = bytes.toString("utf8");
    const owner = digestOf(JSON.parse(text));
    if (owner === digest) return text;
    throw new SealError("side-file-digest", "it belongs to another image: build again");
  });
  return { names, sourceMap, problems };
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

function digestOf(map: unknown): unknown {
  return typeof map === "object" && map !== null && "x_phantasm_digest" in map
    ? map.x_phantasm_digest
    : null;
}
