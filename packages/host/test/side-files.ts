/** Names and source maps written by hand, for tests. */
import { encodedMap, TraceMap } from "@jridgewell/trace-mapping";
import { verifyImage, Writer } from "@phantasm/seal";

/** Payload of a name section. */
export function namePayload(names: Readonly<Record<number, string>>): Uint8Array {
  const entries = Object.entries(names);
  const list = new Writer().u32(entries.length);
  for (const [index, name] of entries) list.u32(Number(index)).name(name);
  // Subsection 0, the name of the module, is passed over.
  return new Writer().raw([0, 2, 1, 0x78]).u8(1).sized(list.finish()).finish();
}

/** Source, line and column, 1-based, by function index: each body comes from one place. */
export type Places = Readonly<Record<number, readonly [string, number, number]>>;

/** The map of an unsigned image. */
export function sourceMap(image: Uint8Array, places: Places): string {
  const { functions, imports, digest } = verifyImage(image);
  const files: string[] = [];
  const segments = functions.map(({ start }, at): [number, number, number, number] => {
    const [file, line, column] = places[at + imports.length] ?? ["~lib/other.ts", 1, 1];
    if (!files.includes(file)) files.push(file);
    return [start, files.indexOf(file), line - 1, column - 1];
  });
  const map = new TraceMap({ version: 3, names: [], sources: files, mappings: [segments] });
  return JSON.stringify({ ...encodedMap(map), x_phantasm_digest: digest });
}
