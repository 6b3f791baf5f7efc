/** Breaks the rules about segments and instructions. */
import { limits, verifyImage, Writer } from "../../src/index.js";
import { image, withCode, withSection } from "../images.js";
import type { BrokenCase } from "./case.js";

const code =
  (...instructions: number[]): (() => unknown) =>
  () =>
    verifyImage(withCode(instructions));

const step =
  (body: string, extra = ""): (() => unknown) =>
  () =>
    verifyImage(
      image({
        step: `(func $step (export "step") (param i64 i32) (result i64) ${body} (i64.const 0))`,
        extra,
      }),
    );

const segments = (count: number, segment: readonly number[]): Uint8Array => {
  const writer = new Writer(count * segment.length + 8).u32(count);
  for (let at = 0; at < count; at++) writer.raw(segment);
  return writer.finish();
};

const EMPTY_SEGMENT = [0, 0x41, 0, 0x0b, 0];

/** Instructions in text that the list leaves out, and why. */
const REFUSED: readonly [title: string, body: string, why: RegExp, extra?: string][] = [
  ["try and catch_all", "try nop catch_all nop end", /opcode 0x06 .*exit/],
  ["throw", "throw 0", /opcode 0x08 .*exception/, "(tag)"],
  ["a tail call", "return_call 5", /opcode 0x12 .*tail calls/],
  ["an indirect tail call", "i32.const 0 return_call_indirect", /opcode 0x13 .*tail calls/],
  ["a typed select", "ref.func 0 drop", /opcode 0xd2 .*reference/],
  ["ref.null", "ref.null func drop", /opcode 0xd0 .*reference/],
  ["ref.is_null", "ref.func 0 ref.is_null drop", /opcode 0xd2 .*reference/],
  ["table.get", "i32.const 0 table.get 0 drop", /opcode 0x25 .*tables must not change/],
  ["table.set", "i32.const 0 i32.const 0 table.set 0", /opcode 0x26 .*tables must not change/],
  ["table.size", "table.size 0 drop", /opcode 0xfc10 .*tables must not change/],
  ["table.grow", "unreachable table.grow 0 drop", /opcode 0xfc0f .*tables must not change/],
  ["table.fill", "unreachable table.fill 0", /opcode 0xfc11 .*tables must not change/],
  ["table.copy", "unreachable table.copy", /opcode 0xfc0e .*tables must not change/],
  ["atomic.fence", "atomic.fence", /opcode 0xfe .*atomics/],
  ["an atomic wait", "unreachable memory.atomic.wait32 drop", /opcode 0xfe .*atomics/],
];

export const CODE_CASES: readonly BrokenCase[] = [
  {
    rule: "segment-count",
    title: "one data segment too many",
    attempt: () => verifyImage(withSection(11, segments(limits.SEGMENTS_MAX + 1, EMPTY_SEGMENT))),
    message: /there are 65537 data segments, at most 65536/,
  },
  {
    rule: "segment-count",
    title: "one element segment too many",
    attempt: () => verifyImage(withSection(9, segments(limits.SEGMENTS_MAX + 1, EMPTY_SEGMENT))),
    message: /there are 65537 element segments, at most 65536/,
  },
  {
    rule: "segment-form",
    title: "a passive data segment",
    attempt: () => verifyImage(withSection(11, [1, 1, 3, 97, 97, 97])),
    message: /data segment 0 has form 1: only active segments/,
  },
  {
    rule: "segment-form",
    title: "a data segment that names its memory",
    attempt: () => verifyImage(withSection(11, [1, 2, 0, 0x41, 0, 0x0b, 0])),
    message: /data segment 0 has form 2/,
  },
  {
    rule: "segment-form",
    title: "a declarative element segment",
    attempt: () => verifyImage(image({ elements: "(elem declare func $step)" })),
    message: /element segment 0 has form 3/,
  },
  {
    rule: "segment-form",
    title: "a data segment at an offset that is a global",
    attempt: () => verifyImage(withSection(11, [1, 0, 0x23, 1, 0x0b, 0])),
    message: /the offset of data segment 0 is not a constant/,
  },
  {
    rule: "segment-form",
    title: "a data segment at an offset that is computed",
    attempt: () => verifyImage(withSection(11, [1, 0, 0x41, 1, 0x41, 1, 0x6a, 0x0b, 0])),
    message: /the offset of data segment 0 is not a constant/,
  },
  {
    rule: "element-range",
    title: "an element behind the end of the table",
    attempt: () => verifyImage(image({ elements: "(elem (i32.const 1) $step $init)" })),
    message: /element segment 0 fills entries 1 to 3 of a table of 2/,
  },
  {
    rule: "element-range",
    title: "an element without a table",
    attempt: () => verifyImage(withSection(4, [0])),
    message: /element segment 0 fills entries 0 to 1 of a table of 0/,
  },
  {
    rule: "element-range",
    title: "a function that does not exist",
    attempt: () => verifyImage(withSection(9, [1, 0, 0x41, 0, 0x0b, 1, 6])),
    message: /element segment 0 names function 6, which does not exist/,
  },
  {
    rule: "data-range",
    title: "data behind the end of the initial memory",
    attempt: () => verifyImage(image({ data: '(data (i32.const 65532) "hello")' })),
    message: /data segment 0 fills bytes 65532 to 65537 of a memory of 65536/,
  },
  {
    rule: "data-range",
    title: "data at a negative address",
    attempt: () => verifyImage(image({ data: '(data (i32.const -4) "hello")' })),
    message: /data segment 0 fills bytes 4294967292 to/,
  },
  {
    rule: "function-size",
    title: "a body that is too large",
    attempt: () => verifyImage(withCode(Array<number>(limits.FUNCTION_BYTES_MAX).fill(0x01))),
    message: /function 5: a function body has 4194306 bytes, more than 4194304/,
  },
  {
    rule: "function-locals",
    title: "too many locals in one group",
    attempt: () => verifyImage(withCode([], [1, 0xff, 0xff, 0xff, 0xff, 0x0f, 0x7f])),
    message: /function 5: a function has more than 4096 locals/,
  },
  {
    rule: "function-locals",
    title: "too many locals in two groups",
    attempt: () => verifyImage(withCode([], [2, 0x80, 0x20, 0x7f, 1, 0x7e])),
    message: /function 5: a function has more than 4096 locals/,
  },
  {
    rule: "value-type",
    title: "a local that is a reference",
    attempt: step("", "(func (local externref))"),
    message: /function 6: 0x6f is not a value type/,
  },
  {
    rule: "function-nesting",
    title: "a thousand blocks inside each other",
    attempt: code(...Array<number[]>(limits.NESTING_MAX).fill([0x02, 0x40]).flat()),
    message: /function 5: blocks are nested more than 1024 deep/,
  },
  {
    rule: "function-end",
    title: "an instruction after the last end",
    attempt: code(0x0b, 0x01),
    message: /function 5: instructions follow the end of a function body/,
  },
  {
    rule: "function-end",
    title: "a block that is not closed",
    attempt: code(0x02, 0x40),
    message: /function 5: a function body ends without closing its blocks/,
  },
  ...REFUSED.map(([title, body, why, extra]) => ({
    rule: "opcode" as const,
    title,
    // A tag would bring a section that is refused first.
    attempt: title === "throw" ? code(0x08, 0) : step(body, extra),
    message: new RegExp(`function 5: ${why.source}`),
  })),
  ...(
    [
      ["a select with types", [0x1c, 1, 0x7f], /opcode 0x1c .*reference types/],
      ["delegate", [0x18, 0], /opcode 0x18 .*exception/],
      ["try_table", [0x1f, 0x40, 0], /opcode 0x1f .*exception/],
      ["call_ref", [0x14, 0], /opcode 0x14 .*reference types/],
      ["memory.init", [0xfc, 8, 0, 0], /opcode 0xfc08 .*all segments are active/],
      ["data.drop", [0xfc, 9, 0], /opcode 0xfc09 .*all segments are active/],
      ["elem.drop", [0xfc, 13, 0], /opcode 0xfc0d .*tables must not change/],
      ["struct.new", [0xfb, 0, 0], /opcode 0xfb .*garbage collection/],
      ["a relaxed vector instruction", [0xfd, 0x85, 0x02], /opcode 0xfd 0x105 .*relaxed/],
      ["a hole in the vector instructions", [0xfd, 0x9a, 0x01], /opcode 0xfd9a .*unknown/],
      ["a vector opcode that is padded", [0xfd, 0x8e, 0x00], /opcode 0xfd 0x0e is not in its sho/],
      ["a bulk opcode that is padded", [0xfc, 0x8b, 0x00, 0], /opcode 0xfc 0x0b is not in its sho/],
      ["an opcode nobody knows", [0x27], /opcode 0x27 .*not on the list/],
      ["a debugger's opcode", [0xff], /opcode 0xff .*not on the list/],
    ] as const
  ).map(([title, bytes, why]) => ({
    rule: "opcode" as const,
    title,
    attempt: code(...bytes),
    message: new RegExp(`function 5: ${why.source}`),
  })),
  {
    rule: "immediate",
    title: "a load from another memory",
    attempt: code(0x41, 0, 0x28, 0x42, 1, 0, 0x1a),
    message: /function 5: an alignment is above 16 bytes, or another memory is named/,
  },
  {
    rule: "immediate",
    title: "memory.copy between memories",
    attempt: code(0x41, 0, 0x41, 0, 0x41, 0, 0xfc, 10, 0, 1),
    message: /function 5: memory 0 is the only one/,
  },
  {
    rule: "immediate",
    title: "memory.fill of another memory",
    attempt: code(0x41, 0, 0x41, 0, 0x41, 0, 0xfc, 11, 1),
    message: /function 5: memory 0 is the only one/,
  },
  {
    rule: "immediate",
    title: "memory.grow of another memory",
    attempt: code(0x41, 0, 0x40, 1),
    message: /function 5: memory 0 is the only one/,
  },
  {
    rule: "immediate",
    title: "an indirect call through another table",
    attempt: code(0x41, 0, 0x11, 0, 1),
    message: /function 5: table 0 is the only one/,
  },
  {
    rule: "immediate",
    title: "a block that yields a reference",
    attempt: code(0x02, 0x6f, 0x0b),
    message: /function 5: a block type is neither a value type nor a type index/,
  },
  {
    rule: "immediate",
    title: "a block type that is a padded value type",
    attempt: code(0x02, 0xff, 0x7f, 0x0b),
    message: /function 5: a block type is neither a value type nor a type index/,
  },
  {
    rule: "leb128",
    title: "an i32 constant of 33 bits",
    attempt: code(0x41, 0xff, 0xff, 0xff, 0xff, 0x0f),
    message: /function 5: an i32 constant is not a 32-bit number/,
  },
  {
    rule: "leb128",
    title: "an i64 constant of eleven bytes",
    attempt: code(0x42, ...Array<number>(10).fill(0x80), 0),
    message: /function 5: an i64 constant is not a 64-bit number/,
  },
  {
    rule: "length",
    title: "a branch table that is longer than the body",
    attempt: code(0x0e, 0xff, 0xff, 0xff, 0x07),
    message: /function 5: the number of labels is 16777215, but only 1 bytes are left/,
  },
];
