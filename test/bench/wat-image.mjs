// Images written by hand, for what no application would do.
import { sealImage } from "@phantasm/seal";
import wabt from "wabt";

const { parseWat } = await wabt();

/**
 * @param {string} text of a module with memory 1 to 1
 * @param {readonly string[]} capabilities
 * @param {readonly object[]} devices
 */
export function sealWat(text, capabilities, devices = []) {
  const module = parseWat("image.wat", text, { simd: true });
  const { buffer } = module.toBinary({});
  module.destroy();
  return sealImage(buffer, {
    abi: 1,
    name: "bench",
    capabilities,
    devices,
    arguments: [],
    memory: { minimum: 1, maximum: 1 },
    observation: { address: 0, bytes: 64, version: 1 },
    modules: [],
    toolchain: {},
  }).bytes;
}

const HEAD = `(import "phantasm" "exit" (func $exit (param i32)))
  (import "phantasm" "abort" (func $abort (param i32 i32 i32)))`;

/** Makes `count` calls of one hypercall in its only step. */
export function caller(capability, declarations, call, count) {
  return sealWat(
    `(module
  ${HEAD}
  ${declarations}
  (memory (export "memory") 1 1)
  (func (export "init"))
  (func (export "step") (param i64 i32) (result i64)
    (local $left i32)
    (local.set $left (i32.const ${count}))
    (loop $again
      ${call}
      (br_if $again (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
    (call $exit (i32.const 0))
    (i64.const 0)))`,
    capability,
  );
}
