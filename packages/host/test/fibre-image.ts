/** An image, written by hand, that has fibres and shows their stacks when it is probed. */
import { image, step } from "./images.js";
import { WrittenMemory, type WrittenFibre } from "./observation.js";
import type { Image } from "../src/image.js";

const ABORTS = { shown: "the frames of a fibre", fresh: "a fibre without frames" };

/**
 * The name of a fibre decides about its stack: `b…` waits in another function than the others, `deep`
 * in a recursion, `new` has none, `mute` ends the step without showing anything, `bad` number 99 traps, `spin` never ends.
 *
 * @param body what an ordinary step does
 */
export function fibreImage(fibres: readonly WrittenFibre[], body = ""): Image {
  const memory = new WrittenMemory();
  memory.table(fibres);
  const shown = text(memory, 512, ABORTS.shown);
  const fresh = text(memory, 576, ABORTS.fresh);
  const abort = (at: string): string => `(call $abort (i32.const 0) ${at})`;
  const initial = (letter: string): string =>
    `(i32.eq (i32.load16_u (i32.load offset=4 (local.get $f))) (i32.const ${letter.charCodeAt(0)}))`;
  const code = `${memory.wat()}
    (global $dirt (mut i32) (i32.const 0)) (export "g0" (global $dirt))
    (func $suspend ${abort(shown)})
    (func $a (call $suspend) (drop (i32.const 1)))
    (func $b (call $suspend) (drop (i32.const 2)))
    (func $deep (param $n i32)
      (if (i32.eqz (local.get $n)) (then (call $suspend)) (else (call $deep (i32.sub (local.get $n) (i32.const 1)))))
      (drop (i32.const 3)))
    (func $show (param $f i32)
      (if (global.get $dirt) (then unreachable))
      (global.set $dirt (i32.const 1))
      (if ${initial("d")} (then (call $deep (i32.const 5))))
      (if ${initial("n")} (then ${abort(fresh)}))
      (if ${initial("b")} (then
        (if (i32.eq (i32.load offset=8 (local.get $f)) (i32.const 99)) (then unreachable))
        (call $b)))
      (if ${initial("m")} (then (return)))
      (if ${initial("s")} (then (loop $l br $l)))
      (call $a))
    ${step(`(if (i32.load (i32.const 1128)) (then (call $show (i32.load (i32.const 1128))) (return (i64.const 0))))
      (i64.store (i32.const 1032) (i64.add (i64.load (i32.const 1032)) (i64.const 1)))
      ${body}`)}`;
  return image(code, WrittenMemory.manifest);
}

/** Puts ASCII there; the operands of a call that means it. */
function text(memory: WrittenMemory, at: number, ascii: string): string {
  memory.bytes.set(Buffer.from(ascii), at);
  return `(i32.const ${at}) (i32.const ${ascii.length})`;
}
