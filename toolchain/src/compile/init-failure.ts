/** Says where `init` failed: the optimised module no longer knows, the one before it does. */
import { readFunctionNames } from "@phantasm/seal";
import type { Diagnostic } from "../diagnostics.js";
import { coreImage } from "../link/core.js";
import type { SuspensionRules } from "./suspension.js";
import { tryInit, type Failure } from "./trial.js";

/** `MESSAGE (FILE:LINE:COLUMN)`, as the runtime's abort writes it. */
const PLACE = / \([^()]*:\d+:\d+\)$/;

/**
 * @param source the module before any pass
 * @param rules of that module
 */
export function initFailure(
  source: Uint8Array,
  { placeOf }: Pick<SuspensionRules, "placeOf">,
  failure: Failure,
): Diagnostic {
  const again = tryInit(source);
  const { message, frames } = again.outcome === "failed" ? again : failure;
  const names = readFunctionNames(coreImage(source).names);
  const places = again.outcome === "failed" ? frames : [];
  const own = places.find(({ functionIndex }) => !names.get(functionIndex)?.startsWith("~lib/"));
  const place = own ? placeOf(own.offset) : {};
  return {
    ...place,
    message: `top-level code fails at every boot: ${place.file === undefined ? message : message.replace(PLACE, "")}`,
    hint: "It runs before main, and was run while the image was built: it has no devices and no arguments.",
  };
}
