import { Opcode } from "./opcodes.js";
import { SEGMENTS_MAX } from "./limits.js";
import type { Reader } from "./reader.js";

/** The flags of an active segment for table or memory 0; every other form is refused. */
const FORM_ACTIVE = 0;

/** Bytes of the shortest segment of any form. */
const SEGMENT_BYTES_MIN = 2;

function segmentCount(reader: Reader, what: string): number {
  const count = reader.count(`${what} segments`, SEGMENT_BYTES_MIN);
  if (count > SEGMENTS_MAX)
    reader.fail(
      "segment-count",
      `there are ${String(count)} ${what} segments, at most ${String(SEGMENTS_MAX)} are allowed`,
    );
  return count;
}

/** Reads the form and the offset of a segment: unsigned, as the engine takes it. */
function segmentOffset(reader: Reader, what: string): number {
  const start = reader.position;
  const form = reader.u32("the form of a segment");
  if (form !== FORM_ACTIVE)
    reader.fail(
      "segment-form",
      `${what} has form ${String(form)}: only active segments of the plain form are allowed`,
      start,
    );
  if (reader.u8("the offset of a segment") === Opcode.I32_CONST) {
    const offset = reader.s32("the offset of a segment") >>> 0;
    if (reader.u8("the end of an offset") === Opcode.END) return offset;
  }
  reader.fail("segment-form", `the offset of ${what} is not a constant`, start);
}

/** Checks the element section against the entries of the table and the number of functions. */
export function checkElements(reader: Reader, entries: number, functions: number): void {
  const segments = segmentCount(reader, "element");
  for (let at = 0; at < segments; at++) {
    const start = reader.position;
    const what = `element segment ${String(at)}`;
    const offset = segmentOffset(reader, what);
    const count = reader.count("elements");
    if (offset + count > entries)
      reader.fail(
        "element-range",
        `${what} fills entries ${String(offset)} to ${String(offset + count)} of a table of ${String(entries)}`,
        start,
      );
    for (let entry = 0; entry < count; entry++) {
      const index = reader.u32("a function index");
      if (index >= functions)
        reader.fail(
          "element-range",
          `${what} names function ${String(index)}, which does not exist`,
          start,
        );
    }
  }
}

/** Checks the data section against the bytes of the initial memory. */
export function checkData(reader: Reader, memoryBytes: number): void {
  const segments = segmentCount(reader, "data");
  for (let at = 0; at < segments; at++) {
    const start = reader.position;
    const what = `data segment ${String(at)}`;
    const offset = segmentOffset(reader, what);
    const length = reader.count("bytes of data");
    if (offset + length > memoryBytes)
      reader.fail(
        "data-range",
        `${what} fills bytes ${String(offset)} to ${String(offset + length)} of a memory of ${String(memoryBytes)}`,
        start,
      );
    reader.skip(length, what);
  }
}
