/**
 * What only the link step knows. It turns each of these into a constant before it optimises, so that
 * `if (DEBUG)` leaves nothing behind where it is false. The values here are those of an image without
 * fibres.
 */

/** True if something in the image can suspend: frames of fibres then hold references. */
export let FIBRES: bool = false;

/** True in the size profile: new objects are zero, and the link step takes out what sets their fields to zero. */
export let CLEARS: bool = false;

/** False in the size profile: an abort does not name its place, which the trace of the host has as well. */
export let PLACES: bool = true;

/**
 * True in the debug profile and in tests. The compiler itself knows it, so that what lies in `if (DEBUG)`
 * is not compiled elsewhere: not even its strings are in the image.
 */
export const DEBUG: bool = isDefined(PHANTASM_DEBUG);

/** Bytes of the deepest stack of frames that a fibre can have when it suspends. */
export let FIBRE_BUFFER_BYTES: i32 = 0;

/** The manifest's memory maximum, in pages of 64 KiB. */
export let MEMORY_PAGES_MAX: i32 = 65536;
