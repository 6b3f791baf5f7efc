// One process: nanoseconds a hypercall takes, loop included. Prints JSON.
import { Domain, Image } from "@phantasm/host";
import { caller } from "./wat-image.mjs";

const COUNT = 5_000_000;
const CALLS = {
  "monotonic_clock()": [
    ["clock"],
    `(import "phantasm" "wall_clock" (func $wall (result i64)))
     (import "phantasm" "monotonic_clock" (func $clock (result i64)))`,
    "(drop (call $clock))",
  ],
  "console_write(64 bytes)": [
    ["console"],
    `(import "phantasm" "console_write" (func $write (param i32 i32) (result i32)))
     (import "phantasm" "console_read" (func $read (param i32 i32) (result i32)))`,
    "(drop (call $write (i32.const 1024) (i32.const 64)))",
  ],
  "console_read at end of input": [
    ["console"],
    `(import "phantasm" "console_write" (func $write (param i32 i32) (result i32)))
     (import "phantasm" "console_read" (func $read (param i32 i32) (result i32)))`,
    "(drop (call $read (i32.const 1024) (i32.const 64)))",
  ],
};

const figures = {};
for (const [name, [capabilities, declarations, call]] of Object.entries(CALLS)) {
  const image = Image.load(caller(capabilities, declarations, call, COUNT));
  let best = Infinity;
  for (let run = 0; run < 3; run++) {
    const domain = new Domain(image);
    const start = performance.now();
    domain.start();
    await domain.exited;
    best = Math.min(best, performance.now() - start);
  }
  figures[name] = (best * 1e6) / COUNT;
}
console.log(JSON.stringify(figures));
