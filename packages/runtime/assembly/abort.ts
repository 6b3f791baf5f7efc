import { AbortReason, Limit, abort as abortDomain } from "@phantasm/abi";
import { PLACES } from "./link";

/** UTF-8 takes at most three bytes for a UTF-16 unit. */
const MESSAGE_UNITS_MAX: i32 = 300;

/** In static memory: an abort must not allocate. */
const scratch: usize = memory.data(1024);

function append(at: usize, text: string): usize {
  const units = min(text.length, MESSAGE_UNITS_MAX);
  const room = scratch + Limit.ABORT_MESSAGE_BYTES_MAX - at;
  if (<usize>units * 3 > room) return at;
  return (
    at +
    String.UTF8.encodeUnsafe(
      changetype<usize>(text),
      units,
      at,
      false,
      String.UTF8.ErrorMode.REPLACE,
    )
  );
}

function appendNumber(at: usize, value: u32): usize {
  let digits = 1;
  for (let rest = value; rest >= 10; rest /= 10) digits++;
  for (let i = digits - 1; i >= 0; i--) {
    store<u8>(at + i, <u8>(0x30 + (value % 10)));
    value /= 10;
  }
  return at + digits;
}

/**
 * Where failed assertions, bounds checks and `throw` end: the compiler calls it in the place of its
 * own abort. Hands the host `MESSAGE (FILE:LINE:COLUMN)`, in the size profile `MESSAGE`, and never returns.
 */
export function fail(message: string | null, file: string | null, line: u32, column: u32): void {
  let at = append(scratch, message !== null ? message : "abort");
  if (PLACES && file !== null) {
    at = append(at, " (");
    at = append(at, file);
    store<u8>(at++, 0x3a);
    at = appendNumber(at, line);
    store<u8>(at++, 0x3a);
    at = appendNumber(at, column);
    store<u8>(at++, 0x29);
  }
  abortDomain(AbortReason.FAILURE, scratch, <i32>(at - scratch));
  unreachable();
}
