/** Breaks the rules about the file as a whole and about its sections. */
import { limits, verifyImage, Writer } from "../../src/index.js";
import { edited, image, reseal, withSection } from "../images.js";
import type { BrokenCase } from "./case.js";

const appended = (...bytes: number[]): Uint8Array => Uint8Array.from([...image(), ...bytes]);

/** Without the manifest in front, behind a right hash. */
const content = (): Uint8Array => image().subarray(58);

const longName = new Writer().name("x".repeat(limits.NAME_BYTES_MAX + 1)).finish();

export const FILE_CASES: readonly BrokenCase[] = [
  {
    rule: "buffer",
    title: "memory shared with other threads",
    attempt: () => verifyImage(new Uint8Array(new SharedArrayBuffer(100))),
    message: /not shared/,
  },
  {
    rule: "buffer",
    title: "not bytes",
    attempt: () => verifyImage("image" as unknown as Uint8Array),
    message: /must be a Uint8Array/,
  },
  {
    rule: "file-size",
    title: "one byte more than an image may have",
    attempt: () => verifyImage(new Uint8Array(limits.IMAGE_BYTES_MAX + 1)),
    message: /67108865 bytes, at most 67108864/,
  },
  {
    rule: "header",
    title: "no bytes",
    attempt: () => verifyImage(new Uint8Array(0)),
    message: /not a WebAssembly module of version 1 \(at byte 0\)/,
  },
  {
    rule: "header",
    title: "a component instead of a module",
    attempt: () => verifyImage(Uint8Array.of(0, 0x61, 0x73, 0x6d, 0x0d, 0, 1, 0)),
    message: /not a WebAssembly module of version 1 \(at byte 4\)/,
  },
  {
    rule: "truncated",
    title: "a section id and nothing more",
    attempt: () => verifyImage(appended(11)),
    message: /the bytes end where the length of a section should be/,
  },
  {
    rule: "leb128",
    title: "a section length of six bytes",
    attempt: () => verifyImage(appended(11, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00)),
    message: /the length of a section is not a 32-bit number/,
  },
  {
    rule: "leb128",
    title: "a section length of 33 bits",
    attempt: () => verifyImage(appended(11, 0x80, 0x80, 0x80, 0x80, 0x10)),
    message: /the length of a section is not a 32-bit number/,
  },
  {
    rule: "length",
    title: "a section longer than the file",
    attempt: () => verifyImage(appended(11, 5, 0)),
    message: /the data section takes 5 bytes, but only 1 are left/,
  },
  {
    rule: "length",
    title: "more exports than bytes",
    attempt: () => verifyImage(withSection(7, [0xff, 0xff, 0xff, 0xff, 0x0f])),
    message: /the number of exports is 4294967295, but only 0 bytes are left/,
  },
  {
    rule: "utf8",
    title: "an export name that is not UTF-8",
    attempt: () => verifyImage(withSection(7, [1, 2, 0xc3, 0x28, 0, 0])),
    message: /the name of an export is not UTF-8/,
  },
  {
    rule: "name-length",
    title: "a custom section with a very long name",
    attempt: () => verifyImage(edited((sections) => [...sections, { id: 0, contents: longName }])),
    message: /the name of a custom section takes 1025 bytes, at most 1024/,
  },
  {
    rule: "section-count",
    title: "a file full of tiny sections",
    attempt: () => verifyImage(appended(...Array<number[]>(100).fill([1, 0]).flat())),
    message: /more than 64 sections/,
  },
  {
    rule: "section-custom",
    title: "a name section at the end",
    attempt: () =>
      verifyImage(
        edited((sections) => [
          ...sections,
          { id: 0, contents: new Writer().name("name").finish() },
        ]),
      ),
    message: /custom section "name": only signature and manifest/,
  },
  {
    rule: "section-custom",
    title: "a second manifest",
    attempt: () => verifyImage(edited((sections) => [...sections.slice(0, 1), ...sections])),
    message: /custom section "manifest"/,
  },
  {
    rule: "section-custom",
    title: "a custom section whose name would clear the terminal",
    attempt: () =>
      verifyImage(
        edited((sections) => [
          ...sections,
          { id: 0, contents: new Writer().name("\x1b[2J\u202e").finish() },
        ]),
      ),
    message: /custom section "\\x1b\[2J\\u\{202e\}"/,
  },
  {
    rule: "section-unknown",
    title: "a start function",
    attempt: () => verifyImage(image({ extra: "(start $init)" })),
    message: /the start section is not allowed/,
  },
  {
    rule: "section-unknown",
    title: "a DataCount section",
    attempt: () => verifyImage(withSection(12, [1])),
    message: /the DataCount section is not allowed/,
  },
  {
    rule: "section-unknown",
    title: "a tag section",
    attempt: () => verifyImage(image({ extra: "(tag)" })),
    message: /the tag section is not allowed/,
  },
  {
    rule: "section-unknown",
    title: "a section of the future",
    attempt: () => verifyImage(withSection(99, [1])),
    message: /a section has unknown id 99/,
  },
  {
    rule: "section-order",
    title: "the memory after the globals",
    attempt: () =>
      verifyImage(
        edited((sections) => {
          const memory = sections.filter(({ id }) => id === 5);
          return [...sections.filter(({ id }) => id !== 5), ...memory];
        }),
      ),
    message: /the memory section comes after the data section/,
  },
  {
    rule: "section-order",
    title: "two type sections",
    attempt: () => verifyImage(edited((sections) => sections.toSpliced(1, 0, sections[1]!))),
    message: /there are two type sections/,
  },
  {
    rule: "section-length",
    title: "a byte too many in the memory section",
    attempt: () => verifyImage(withSection(5, [1, 1, 1, 2, 0])),
    message: /the memory section has 1 bytes too many/,
  },
  {
    rule: "manifest-missing",
    title: "a module that was signed but has no manifest",
    attempt: () => verifyImage(edited((sections) => sections.slice(1))),
    message: /the second section is not `manifest` \(at byte 58\)/,
  },
  {
    rule: "manifest-missing",
    title: "nothing behind the signature",
    attempt: () => verifyImage(reseal(new Uint8Array(0))),
    message: /the second section is not `manifest`/,
  },
  {
    rule: "signature-missing",
    title: "a module straight from the compiler",
    attempt: () => verifyImage(Uint8Array.from([...image().subarray(0, 8), ...content()])),
    message: /the first section is not `signature`: this module is not sealed \(at byte 8\)/,
  },
];
