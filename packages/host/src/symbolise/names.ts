/** Names of functions from the payload of a name section. */
import { Reader } from "@phantasm/seal";

// https://webassembly.github.io/spec/core/appendix/custom.html#name-section
const FUNCTION_NAMES = 1;

/** By function index. Throws SealError for a payload that is no name section. */
export function readFunctionNames(payload: Uint8Array): Map<number, string> {
  const names = new Map<number, string>();
  const reader = new Reader(payload);
  while (reader.remaining > 0) {
    const id = reader.u8("a subsection");
    const length = reader.u32("the length of a subsection");
    if (id !== FUNCTION_NAMES) {
      reader.skip(length, "a subsection");
      continue;
    }
    const part = new Reader(reader.take(length, "the function names"));
    for (let left = part.count("the function names", 2); left > 0; left--) {
      const index = part.u32("a function index");
      const bytes = part.take(part.u32("the length of a name"), "a name");
      names.set(index, new TextDecoder().decode(bytes));
    }
  }
  return names;
}

/** `app/trap/Conn#parse` → `Conn#parse`, `~lib/map/Map<~lib/string/String,i32>#get` → `Map<String,i32>#get`. */
export function shortName(name: string): string {
  return name.replace(/(?:[~\w@.-]+\/)+/g, "");
}
