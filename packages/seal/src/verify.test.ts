import { expect, test } from "vitest";
import { core, image, MANIFEST, PARTS } from "../test/images.js";
import {
  checkCompiled,
  impliedHypercalls,
  sealImage,
  SECTION_NAMES,
  verifyImage,
  type Manifest,
} from "./index.js";

test("a good image passes, and the verifier says what is in it", () => {
  const bytes = image();
  const verified = verifyImage(bytes);
  expect(verified.bytes).toEqual(bytes);
  expect(verified.manifest).toEqual(MANIFEST);
  expect(verified.digest).toMatch(/^sha256:[0-9a-f]{64}$/);
  expect(verified.signers).toEqual([]);
  expect(verified.signatureShift).toBe(0);
  expect(verified.imports.map(({ name, signature }) => `${name}${signature}`)).toEqual([
    "exit(i32) → ()",
    "abort(i32, i32, i32) → ()",
    "console_write(i32, i32) → i32",
    "console_read(i32, i32) → i32",
  ]);
  expect(verified.exports).toEqual([
    { name: "memory", kind: "memory", index: 0 },
    { name: "g0", kind: "global", index: 0 },
    { name: "g1", kind: "global", index: 2 },
    { name: "init", kind: "function", index: 4 },
    { name: "step", kind: "function", index: 5 },
  ]);
  expect(verified.mutableGlobals).toEqual(["i32", "i64"]);
  expect(verified.functions.map(({ locals }) => locals)).toEqual([0, 1]);
  expect(verified.sections.map(({ id, name }) => name ?? SECTION_NAMES[id])).toEqual([
    "signature",
    "manifest",
    "type",
    "import",
    "function",
    "table",
    "memory",
    "global",
    "export",
    "element",
    "code",
    "data",
  ]);
});

test("the engine compiles what passes, and agrees about imports and exports", () => {
  const verified = verifyImage(image());
  checkCompiled(new WebAssembly.Module(verified.bytes), verified);
});

test("what the caller does to the bytes later changes nothing", () => {
  const bytes = image();
  const verified = verifyImage(bytes);
  bytes.fill(0);
  expect(verifyImage(verified.bytes).digest).toBe(verified.digest);
});

test("a Buffer that is part of a larger one is an image like any other", () => {
  const bytes = image();
  const pool = Buffer.alloc(bytes.length + 20, 0xaa);
  pool.set(bytes, 7);
  expect(verifyImage(pool.subarray(7, 7 + bytes.length)).digest).toBe(verifyImage(bytes).digest);
});

test("the pinned digest is accepted, and is that of the content", () => {
  const { digest } = verifyImage(image());
  expect(verifyImage(image(), { digest }).digest).toBe(digest);
});

test("the smallest image: no capability, table, global, segment", () => {
  const manifest: Manifest = {
    ...MANIFEST,
    capabilities: [],
    observation: { address: 0, bytes: 0, version: 0 },
    modules: [],
    toolchain: {},
  };
  const parts = {
    imports: PARTS.imports.split("\n").slice(0, 3).join("\n"),
    table: "",
    globals: "",
    step: '(func $step (export "step") (param i64 i32) (result i64) (i64.const 0))',
    elements: "",
    data: "",
  };
  expect(verifyImage(image(parts, manifest)).mutableGlobals).toEqual([]);
});

test("the hypercalls a manifest implies", () => {
  const names = (changes: Partial<Manifest>): string[] =>
    impliedHypercalls({ ...MANIFEST, capabilities: [], ...changes }).map(({ name }) => name);
  expect(names({})).toEqual(["exit", "abort"]);
  expect(names({ capabilities: ["clock"] })).toEqual([
    "exit",
    "abort",
    "wall_clock",
    "monotonic_clock",
  ]);
  expect(names({ devices: [{ name: "disk", type: "block" }] })).toEqual([
    "exit",
    "abort",
    "block_info",
    "block_submit",
    "block_complete",
  ]);
});

test("imports may come in any order, and modules of two versions side by side", () => {
  const reversed = PARTS.imports.trim().split("\n").reverse().join("\n");
  const [first] = MANIFEST.modules;
  if (first === undefined) throw new Error("the manifest of the tests has modules");
  const modules = [first, { ...first, version: "0.2.0" }];
  expect(() => verifyImage(image({ imports: reversed }, { ...MANIFEST, modules }))).not.toThrow();
});

test("sealing twice gives the same bytes", () => {
  expect(sealImage(core(), MANIFEST)).toEqual(sealImage(core(), MANIFEST));
});
