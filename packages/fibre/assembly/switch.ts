/**
 * Switching between fibres, on Binaryen's Asyncify: the toolchain rewrites every function that can reach
 * `suspend` so that it can save its locals and return, and later be called again and go on.
 *
 * The frames of a suspended fibre are bytes in a `FrameStack` of its own, exactly as large as needed:
 * they are written into one shared buffer as its functions return (unwind), copied into the stack, and read
 * from there as they are called again (rewind).
 *
 * Three functions stand at the edge of a switch. The toolchain keeps them as they are (toolchain/src/
 * compile/suspension.ts names them):
 *
 *   resume   calls into a fibre; never rewritten. Whoever calls it is not part of the fibre.
 *   enter    the fibre's outermost function; rewritten.
 *   suspend  its innermost; never rewritten.
 */
import { stackChanged, visitWord } from "@phantasm/runtime/heap/index";
import { FIBRE_BUFFER_BYTES } from "@phantasm/runtime/link";
import { fail } from "@phantasm/runtime/abort";
import { Waiter } from "./wait";

// @ts-ignore: decorator
@external("asyncify", "start_unwind")
declare function startUnwind(buffer: usize): void;
// @ts-ignore: decorator
@external("asyncify", "stop_unwind")
declare function stopUnwind(): void;
// @ts-ignore: decorator
@external("asyncify", "start_rewind")
declare function startRewind(stack: usize): void;
// @ts-ignore: decorator
@external("asyncify", "stop_rewind")
declare function stopRewind(): void;

/** What has frames of its own. */
export abstract class Coroutine extends Waiter {
  /** Its frames while it is suspended; null before it first was, and after its end. */
  savedFrames: FrameStack | null = null;

  /** Its code. */
  abstract coroutineBody(): void;
}

/**
 * Saved frames. The first two fields are Asyncify's: where the next frame is read or written, and where
 * the room ends. The frames follow them in the object.
 */
@final
export class FrameStack {
  /** End of what is saved; the start of the frames when nothing is. */
  private top: usize;
  private limit: usize;

  /** Called by the collector: any word of a frame may be a reference. */
  private __visit(cookie: u32): void {
    const end = this.top;
    for (let at = changetype<usize>(this) + FRAMES_OFFSET; at < end; at += 4)
      visitWord(load<usize>(at));
  }
}

// @ts-ignore: decorator
@inline
const FRAMES_OFFSET: usize = 8;

/** Blocks above this size are copied by the engine's own routine, a call of some 20 ns. */
const COPY_INLINE_BYTES: usize = 512;

/** A stack that was once deep is not kept for shallow frames beyond this. */
const KEPT_BYTES_MAX: usize = 256;

/** Where frames are written first: Asyncify's two words, then FIBRE_BUFFER_BYTES of room. */
let buffer: usize = 0;

let rewinding: bool = false;
let unwinding: bool = false;
let showing: bool = false;

/** Runs a coroutine until it suspends or ends. True: it has ended. */
export function resume(coroutine: usize): bool {
  let stack = load<usize>(coroutine, offsetof<Coroutine>("savedFrames"));
  if (stack != 0) {
    rewinding = true;
    startRewind(stack);
  }
  enter(coroutine);
  if (!unwinding) {
    store<usize>(coroutine, 0, offsetof<Coroutine>("savedFrames"));
    return true;
  }
  const bytes = load<usize>(buffer) - buffer - FRAMES_OFFSET;
  if (bytes > <usize>FIBRE_BUFFER_BYTES) overflow();
  stopUnwind();
  unwinding = false;
  const room: usize = stack == 0 ? 0 : load<u32>(stack - 4);
  if (room < FRAMES_OFFSET + bytes || room > KEPT_BYTES_MAX + 4 * bytes) {
    stack = __new(FRAMES_OFFSET + bytes, idof<FrameStack>());
    store<usize>(coroutine, stack, offsetof<Coroutine>("savedFrames"));
    __link(coroutine, stack, false);
  }
  copy(stack + FRAMES_OFFSET, buffer + FRAMES_OFFSET, bytes);
  store<usize>(stack, stack + FRAMES_OFFSET + bytes, offsetof<FrameStack>("top"));
  store<usize>(stack, stack + FRAMES_OFFSET + bytes, offsetof<FrameStack>("limit"));
  stackChanged(stack);
  return false;
}

/** The outermost function of a fibre. Takes a number, so that no reference lies in the frame below. */
export function enter(coroutine: usize): void {
  changetype<Coroutine>(coroutine).coroutineBody();
}

/** Leaves the running fibre: returns when it is resumed. */
export function suspend(): void {
  if (rewinding) {
    rewinding = false;
    stopRewind();
    if (showing) fail("the frames of a fibre", null, 0, 0);
    return;
  }
  let room = buffer;
  if (room == 0) {
    room = heap.alloc(FRAMES_OFFSET + FIBRE_BUFFER_BYTES);
    buffer = room;
    store<usize>(room, room + FRAMES_OFFSET + FIBRE_BUFFER_BYTES, 4);
  }
  store<usize>(room, room + FRAMES_OFFSET);
  unwinding = true;
  startUnwind(room);
}

/**
 * Asyncify writes without looking: what lay behind the buffer is lost, so nothing of the image runs on. It
 * can only happen to functions that call themselves, for the room is as large as all others need.
 */
function overflow(): void {
  // No number: to make a text would need the heap.
  fail(
    "a fibre waits too deep in functions that call themselves; its frames take more than 64 KiB",
    null,
    0,
    0,
  );
}

/**
 * Ends the domain inside the innermost call of a suspended coroutine, so that the host sees its stack.
 * The host does this in a copy of the domain.
 */
export function show(coroutine: usize): void {
  showing = true;
  if (load<usize>(coroutine, offsetof<Coroutine>("savedFrames")) != 0) resume(coroutine);
  fail("a fibre without frames", null, 0, 0);
}

/** Frames are whole words. */
function copy(to: usize, from: usize, bytes: usize): void {
  if (bytes > COPY_INLINE_BYTES) {
    memory.copy(to, from, bytes);
    return;
  }
  const end = from + bytes;
  for (const pairs = end - 16; from <= pairs; from += 16, to += 16) {
    const first = load<u64>(from);
    const second = load<u64>(from, 8);
    store<u64>(to, first);
    store<u64>(to, second, 8);
  }
  for (; from < end; from += 4, to += 4) store<u32>(to, load<u32>(from));
}
