/**
 * What the debug profile says when an owner makes a mistake: which pool, whose slice, what happened.
 * Call these inside `if (DEBUG)` only, and build the text there: elsewhere a mistake is a trap, whose
 * trace names the place, and the image carries no text for it.
 */
import { Chain } from "./chain";
import { BufferPool } from "./pool";
import { Slice } from "./slice";

/** Ends the domain. */
export function poolMistake(pool: BufferPool, text: string): void {
  assert(false, `buffer pool "${pool.name}": ${text}`);
}

/** Ends the domain. `text` says what was tried. */
export function mistake(slice: Slice, text: string): void {
  if (slice.isReleased) poolMistake(slice.pool, `${text} of a slice, but ${slice.fate}`);
  const owner = slice.owner.length > 0 ? ` of "${slice.owner}"` : "";
  poolMistake(slice.pool, `${text}; the slice${owner} has ${slice.length} bytes`);
}

/** Ends the domain: a range lies outside the slice. */
export function outside(slice: Slice, at: i32, bytes: i32): void {
  mistake(slice, `access to ${bytes} bytes at ${at}`);
}

/** Ends the domain: more bytes than there is room for. */
export function noRoom(slice: Slice, grow: string, bytes: i32, room: i32): void {
  const why = slice.isShared ? " (others share its bytes)" : "";
  mistake(slice, `${grow} by ${bytes} bytes, but there is room for ${room}${why}`);
}

/** Ends the domain: a range lies outside the chain. */
export function outsideChain(chain: Chain, at: i32, bytes: i32): void {
  const owner = chain.owner.length > 0 ? ` of "${chain.owner}"` : "";
  assert(false, `access to ${bytes} bytes at ${at}; the chain${owner} has ${chain.length} bytes`);
}
