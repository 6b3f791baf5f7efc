import { SealError } from "./error.js";
import { InstructionCursor, readBody, type FunctionBody } from "./instructions.js";
import type { Reader } from "./reader.js";

/**
 * Checks every function body of the code section.
 *
 * @param imported number of imported functions: the index of the first body
 * @param declared number of functions that the function section declares
 */
export function checkCode(reader: Reader, imported: number, declared: number): FunctionBody[] {
  const count = reader.count("function bodies");
  if (count !== declared)
    reader.fail(
      "function-count",
      `there are ${String(count)} function bodies for ${String(declared)} declared functions`,
    );
  const bodies: FunctionBody[] = [];
  for (let at = 0; at < count; at++) {
    try {
      const body = readBody(reader);
      new InstructionCursor(reader.bytes, body.code, body.end).finishBody();
      bodies.push(body);
    } catch (error) {
      throw error instanceof SealError ? error.within(`function ${String(imported + at)}`) : error;
    }
  }
  return bodies;
}
