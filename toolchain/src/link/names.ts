/** The name section that the optimiser leaves: which function is called what. */
import { Reader } from "@phantasm/seal";

const FUNCTION_NAMES = 1;

/** Names of functions by index. The payload comes from our own optimiser and is well formed. */
export function functionNames(payload: Uint8Array): Map<number, string> {
  const names = new Map<number, string>();
  const reader = new Reader(payload);
  while (reader.remaining > 0) {
    const id = reader.u8("a subsection id");
    const end = reader.u32("the length of a subsection") + reader.position;
    if (id === FUNCTION_NAMES) {
      for (let count = reader.count("function names"); count > 0; count--) {
        const index = reader.u32("a function index");
        names.set(index, reader.name("a function name"));
      }
    }
    reader.skip(end - reader.position, "a subsection");
  }
  return names;
}
