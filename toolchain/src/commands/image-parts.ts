/** What the bytes of an image are: sections, and the code by module and function. */
import {
  parseNames,
  readFunctionNames,
  SealError,
  SECTION_NAMES,
  SectionId,
  type VerifiedImage,
} from "@phantasm/seal";
import { readFileSync } from "node:fs";

/** A part of an image; the bytes of its parts, if it has any, add up to its own. */
export interface Part {
  readonly name: string;
  readonly bytes: number;
  readonly parts: readonly Part[];
}

const HEADER_BYTES = 8;
/** Where code belongs that AssemblyScript's own library brought. */
const STANDARD_LIBRARY = "assemblyscript";

function leaf(name: string, bytes: number): Part {
  return { name, bytes, parts: [] };
}

function group(name: string, parts: readonly Part[]): Part {
  const sorted = [...parts].sort((a, b) => b.bytes - a.bytes || (a.name < b.name ? -1 : 1));
  return { name, bytes: parts.reduce((sum, { bytes }) => sum + bytes, 0), parts: sorted };
}

/**
 * The names of the functions of an image by index, from the file beside it.
 *
 * @returns undefined when there is none, or one of another build
 */
export function readNames(
  path: string,
  digest: string,
): { readonly section: Uint8Array; readonly functions: ReadonlyMap<number, string> } | undefined {
  let file: Uint8Array;
  try {
    file = readFileSync(`${path}.names`);
  } catch {
    return undefined;
  }
  try {
    const section = parseNames(file, digest);
    return { section, functions: readFunctionNames(section) };
  } catch (error) {
    if (error instanceof SealError) return undefined;
    throw error;
  }
}

/** `~lib/@phantasm/console/output/send` → the package; a name without `~lib` is the application's. */
function owner(name: string, { manifest }: VerifiedImage): string {
  const match = /^(?:start:)?~lib\/((?:@[^/]+\/)?[^/]+)/.exec(name);
  if (!match) return manifest.name;
  const [, found = ""] = match;
  return manifest.modules.some((module) => module.name === found) ? found : STANDARD_LIBRARY;
}

/** The part of a function name that its module does not say already. */
function shortName(name: string): string {
  return name.replace(/^(start:)?~lib\/(?:@[^/]+\/)?[^/]+\//, "$1");
}

/** The code section by module and function; without names by function only. */
function code(image: VerifiedImage, names: ReadonlyMap<number, string>, bytes: number): Part {
  const modules = new Map<string, Part[]>();
  image.functions.forEach(({ offset, end }, at) => {
    const index = image.imports.length + at;
    const name = names.get(index);
    const module = name === undefined ? "functions" : owner(name, image);
    const parts = modules.get(module) ?? [];
    parts.push(leaf(name === undefined ? `function ${index}` : shortName(name), end - offset));
    modules.set(module, parts);
  });
  const groups = [...modules].map(([name, parts]) => group(name, parts));
  const rest = bytes - groups.reduce((sum, part) => sum + part.bytes, 0);
  return group("code", [...groups, leaf("section header", rest)]);
}

/** The data section: what devices put there, as the manifest says, and all else. */
function data({ manifest }: VerifiedImage, bytes: number): Part {
  const devices = (manifest.data ?? []).map((item) => leaf(item.name, item.bytes));
  if (devices.length === 0) return leaf("data", bytes);
  const rest = bytes - devices.reduce((sum, part) => sum + part.bytes, 0);
  return group("data", [...devices, leaf("static data", Math.max(0, rest))]);
}

/** All bytes of an image, largest part first. */
export function imageParts(image: VerifiedImage, names: ReadonlyMap<number, string>): Part {
  const sections = image.sections.map((section) => {
    const bytes = section.end - section.offset;
    if (section.id === SectionId.CODE) return code(image, names, bytes);
    if (section.id === SectionId.DATA) return data(image, bytes);
    return leaf(section.name ?? SECTION_NAMES[section.id] ?? "unknown", bytes);
  });
  return group(image.manifest.name, [leaf("header", HEADER_BYTES), ...sections]);
}
