import { expect, test } from "vitest";
import { image } from "../test/images.js";
import { appendNameSection, encodeNames, parseNames, verifyImage, Writer } from "./index.js";

const verified = verifyImage(image({ init: '(func $init (export "init") unreachable)' }));

/** Subsection 1: names of functions. Function 4 is init. */
const names = new Writer()
  .section(1, new Writer().u8(1).u32(4).name("examples/hello/main/init").finish())
  .finish();

test("names survive their file, which any WebAssembly tool can read", () => {
  const file = encodeNames(verified.digest, names);
  expect(parseNames(file, verified.digest)).toEqual(names);
  const module = new WebAssembly.Module(file);
  expect(WebAssembly.Module.customSections(module, "name")).toHaveLength(1);
  expect(WebAssembly.Module.customSections(module, "phantasm.digest")).toHaveLength(1);
});

test("appended names show in a trace, and no offset moves", () => {
  const bytes = appendNameSection(verified.bytes, names);
  expect(bytes.subarray(0, verified.bytes.length)).toEqual(verified.bytes);
  const module = new WebAssembly.Module(bytes);
  const nothing = (): number => 0;
  const { exports } = new WebAssembly.Instance(module, {
    phantasm: Object.fromEntries(verified.imports.map(({ name }) => [name, nothing])),
  });
  let trace = "";
  try {
    (exports["init"] as () => void)();
  } catch (error) {
    trace = String((error as Error).stack);
  }
  const offset = (verified.functions[0]?.code ?? 0).toString(16);
  expect(trace).toContain("examples/hello/main/init");
  expect(trace).toContain(`0x${offset}`);
});
