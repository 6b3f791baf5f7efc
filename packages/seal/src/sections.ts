import { SECTIONS_MAX } from "./limits.js";
import { Reader } from "./reader.js";
import { SealError } from "./error.js";

/** Magic and version: the same eight bytes for every module. */
export const HEADER: Uint8Array = Uint8Array.of(0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00);

/** Ids of sections, from the WebAssembly core specification §5.5.2. */
export const SectionId = {
  CUSTOM: 0,
  TYPE: 1,
  IMPORT: 2,
  FUNCTION: 3,
  TABLE: 4,
  MEMORY: 5,
  GLOBAL: 6,
  EXPORT: 7,
  START: 8,
  ELEMENT: 9,
  CODE: 10,
  DATA: 11,
  DATA_COUNT: 12,
  TAG: 13,
} as const;

/** Names of the sections by id, for messages. */
export const SECTION_NAMES: readonly string[] = [
  "custom",
  "type",
  "import",
  "function",
  "table",
  "memory",
  "global",
  "export",
  "start",
  "element",
  "code",
  "data",
  "DataCount",
  "tag",
];

/** Where a section lies. Offsets count from the start of the file. */
export interface Section {
  readonly id: number;
  /** Of a custom section; null for a standard one. */
  readonly name: string | null;
  /** Of the byte with the id. */
  readonly offset: number;
  /** Of the contents; in a custom section, of what follows the name. */
  readonly start: number;
  /** Of the first byte after the section. */
  readonly end: number;
}

/** Refuses anything that does not begin as a module does. */
export function checkHeader(bytes: Uint8Array): void {
  for (let at = 0; at < HEADER.length; at++)
    if (bytes[at] !== HEADER[at])
      throw new SealError("header", "this is not a WebAssembly module of version 1", at);
}

/** Reads the section at the reader's position and moves past it. */
export function readSection(reader: Reader): Section {
  const offset = reader.position;
  const id = reader.u8("a section id");
  const length = reader.u32("the length of a section");
  const contents = reader.position;
  const label = SECTION_NAMES[id] ?? "unknown";
  if (length > reader.remaining)
    reader.fail(
      "length",
      `the ${label} section takes ${String(length)} bytes, but only ${String(reader.remaining)} are left`,
      offset,
    );
  reader.skip(length, "a section");
  const end = reader.position;
  if (id !== SectionId.CUSTOM) return { id, name: null, offset, start: contents, end };
  const inside = new Reader(reader.bytes, contents, end);
  const name = inside.name("the name of a custom section");
  return { id, name, offset, start: inside.position, end };
}

/**
 * Splits a module into its sections, in file order. Only the header, lengths and the number of
 * sections are checked: what is in them, and whether it may be there, is the caller's question.
 */
export function splitSections(bytes: Uint8Array): Section[] {
  checkHeader(bytes);
  const reader = new Reader(bytes, HEADER.length);
  const sections: Section[] = [];
  while (reader.remaining > 0) {
    if (sections.length === SECTIONS_MAX)
      reader.fail("section-count", `there are more than ${String(SECTIONS_MAX)} sections`);
    sections.push(readSection(reader));
  }
  return sections;
}
