/** Builds images for tests: a good one, and ways to make exactly one thing about it wrong. */
import loadWabt from "wabt";
import { HEADER, sealImage, splitSections, Writer, type Manifest } from "../src/index.js";
import { encodeSignatureSection, sha256 } from "../src/signature.js";

const wabt = await loadWabt();

const FEATURES = {
  exceptions: true,
  mutable_globals: true,
  sat_float_to_int: true,
  sign_extension: true,
  simd: true,
  threads: true,
  multi_value: true,
  tail_call: true,
  bulk_memory: true,
  reference_types: true,
  memory64: true,
  multi_memory: true,
  extended_const: true,
  relaxed_simd: true,
};

/** Assembles text. Nothing is validated: tests want broken modules too. */
export function assemble(text: string): Uint8Array {
  const module = wabt.parseWat("test.wat", text, FEATURES);
  try {
    return Uint8Array.from(module.toBinary({ write_debug_names: false }).buffer);
  } finally {
    module.destroy();
  }
}

export const MANIFEST: Manifest = {
  abi: 1,
  name: "test",
  capabilities: ["console"],
  devices: [],
  arguments: [],
  memory: { minimum: 1, maximum: 2 },
  observation: { address: 1024, bytes: 64, version: 1 },
  modules: [
    { name: "@phantasm/console", version: "0.1.0", digest: `sha256:${"0".repeat(64)}`, bytes: 10 },
    { name: "test", version: "1.0.0", digest: `sha256:${"1".repeat(64)}`, bytes: 20 },
  ],
  toolchain: { assemblyscript: "0.28.20", phantasm: "0.1.0" },
};

/** The parts of the module in text; a test replaces one. */
export const PARTS = {
  types: "",
  imports: `
    (import "phantasm" "exit" (func $exit (param i32)))
    (import "phantasm" "abort" (func $abort (param i32 i32 i32)))
    (import "phantasm" "console_write" (func $write (param i32 i32) (result i32)))
    (import "phantasm" "console_read" (func $read (param i32 i32) (result i32)))`,
  table: "(table 2 2 funcref)",
  memory: '(memory (export "memory") 1 2)',
  globals: `
    (global $a (export "g0") (mut i32) (i32.const 1))
    (global $k f64 (f64.const 0.5))
    (global $b (export "g1") (mut i64) (i64.const -1))`,
  init: '(func $init (export "init"))',
  step: `(func $step (export "step") (param i64 i32) (result i64) (local i32)
    (block $done (br_if $done (i32.eqz (global.get $a))) (global.set $a (i32.const 0)))
    (drop (call $write (i32.const 8) (i32.const 5)))
    (i64.const -1))`,
  elements: "(elem (i32.const 0) $step)",
  data: '(data (i32.const 8) "hello")',
  extra: "",
};

/** The module without a seal. */
export function core(parts: Partial<typeof PARTS> = {}): Uint8Array {
  return assemble(`(module ${Object.values({ ...PARTS, ...parts }).join("\n")})`);
}

/** A sealed image, good unless a part makes it bad. */
export function image(
  parts: Partial<typeof PARTS> = {},
  manifest: Manifest = MANIFEST,
): Uint8Array {
  return sealImage(core(parts), manifest).bytes;
}

/** A section as id and contents; in a custom section the contents begin with the name. */
export interface RawSection {
  readonly id: number;
  readonly contents: Uint8Array;
}

/** Takes the sections out of an image, without the signature section. */
export function rawSections(bytes: Uint8Array): RawSection[] {
  return splitSections(bytes)
    .slice(1)
    .map(({ id, offset, end }) => {
      const whole = bytes.subarray(offset, end);
      let contents = 2;
      while ((whole[contents - 1] ?? 0) >= 0x80) contents++;
      return { id, contents: whole.slice(contents) };
    });
}

/** Puts any bytes behind a right signature section. */
export function reseal(content: Uint8Array): Uint8Array {
  return new Writer()
    .raw(HEADER)
    .raw(encodeSignatureSection({ hash: sha256(content), signatures: [] }))
    .raw(content)
    .finish();
}

/** An image whose sections have been edited; the hash is right. */
export function edited(
  edit: (sections: RawSection[]) => RawSection[],
  bytes = image(),
): Uint8Array {
  const writer = new Writer();
  for (const { id, contents } of edit(rawSections(bytes))) writer.section(id, contents);
  return reseal(writer.finish());
}

/** An image in which the contents of one section are these bytes. */
export function withSection(id: number, contents: Uint8Array | readonly number[]): Uint8Array {
  const replacement = { id, contents: Uint8Array.from(contents) };
  return edited((sections) => {
    const at = sections.findIndex((section) => section.id === id);
    if (at >= 0) return sections.with(at, replacement);
    return [...sections, replacement].sort((a, b) => a.id - b.id);
  });
}

/** An image whose manifest is this text. */
export function withManifestText(text: string | Uint8Array): Uint8Array {
  const payload = typeof text === "string" ? new TextEncoder().encode(text) : text;
  const contents = new Writer().name("manifest").raw(payload).finish();
  return edited((sections) => sections.with(0, { id: 0, contents }));
}

/** An image in which the body of `step` is these instructions in binary, without the final end. */
export function withCode(
  instructions: readonly number[],
  locals: readonly number[] = [0],
): Uint8Array {
  const init = new Writer().sized([0, 0x0b]).finish();
  const step = new Writer().sized([...locals, ...instructions, 0x0b]).finish();
  return withSection(10, [2, ...init, ...step]);
}
