/** Images written by hand, for tests: WebAssembly text, assembled and sealed. */
import { HYPERCALLS } from "@phantasm/abi";
import { impliedHypercalls, sealImage, type Manifest } from "@phantasm/seal";
import createWabt from "wabt";
import { Image } from "../src/image.js";

const wabt = await createWabt();

export type ManifestParts = Partial<Omit<Manifest, "abi" | "toolchain" | "modules">>;

export function manifest(parts: ManifestParts = {}): Manifest {
  return {
    abi: 1,
    name: "test",
    capabilities: ["console"],
    devices: [],
    arguments: [],
    memory: { minimum: 1, maximum: 4 },
    observation: { address: 1024, bytes: 64, version: 1 },
    modules: [],
    toolchain: { phantasm: "0.1.0" },
    ...parts,
  };
}

/** `body` defines `$init` and `$step` (param i64 i32) (result i64); imports are there as `$name`. */
export function wat(body: string, declared: Manifest): string {
  const imports = impliedHypercalls(declared).map((call) => {
    const parameters = call.parameters.map(({ type }) => type).join(" ");
    const result = call.result === null ? "" : ` (result ${call.result.type})`;
    return `(import "phantasm" "${call.name}" (func $${call.name} (param ${parameters})${result}))`;
  });
  const { minimum, maximum } = declared.memory;
  return `(module
    ${imports.join("\n    ")}
    (memory (export "memory") ${minimum} ${maximum})
    ${body.includes("(func $init") ? "" : "(func $init)"}
    ${body}
    (export "init" (func $init))
    (export "step" (func $step)))`;
}

export function sealedBytes(body: string, parts: ManifestParts = {}): Uint8Array<ArrayBuffer> {
  const declared = manifest(parts);
  const parsed = wabt.parseWat("test.wat", wat(body, declared));
  try {
    return sealImage(new Uint8Array(parsed.toBinary({}).buffer), declared).bytes;
  } finally {
    parsed.destroy();
  }
}

export function image(body: string, parts: ManifestParts = {}): Image {
  return Image.load(sealedBytes(body, parts));
}

/** A `$step` whose body is `code`; without a result of its own it rests for ever. */
export function step(code: string, deadline = "(i64.const 0x7fffffffffffffff)"): string {
  return `(func $step (param $now i64) (param $events i32) (result i64) ${code} ${deadline})`;
}

export const EVERYTHING: ManifestParts = {
  capabilities: ["arguments", "clock", "console", "entropy"],
  devices: [
    { name: "net0", type: "net", offloads: 0 },
    { name: "disk0", type: "block" },
  ],
};

export const CALL_NAMES = HYPERCALLS.map(({ name }) => name);
