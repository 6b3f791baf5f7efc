/** Names of functions from the payload of a name section. Nobody signs it: it is for diagnosis only. */
import { Reader } from "./reader.js";

// https://webassembly.github.io/spec/core/appendix/custom.html#name-section
const FUNCTION_NAMES = 1;

/**
 * Names by function index. They are not escaped, may be of any length, and what is no UTF-8 in them is
 * replaced.
 *
 * @throws SealError for a payload that is no name section
 */
export function readFunctionNames(payload: Uint8Array): Map<number, string> {
  const names = new Map<number, string>();
  const reader = new Reader(payload);
  const utf8 = new TextDecoder();
  while (reader.remaining > 0) {
    const id = reader.u8("a subsection");
    const length = reader.u32("the length of a subsection");
    const contents = reader.take(length, "a subsection");
    if (id !== FUNCTION_NAMES) continue;
    const part = new Reader(contents);
    for (let left = part.count("function names", 2); left > 0; left--) {
      const index = part.u32("a function index");
      const bytes = part.take(part.u32("the length of a name"), "a name");
      names.set(index, utf8.decode(bytes));
    }
  }
  return names;
}
