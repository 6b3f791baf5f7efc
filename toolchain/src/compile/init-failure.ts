/** What a user is told about an `init` that failed while the image was built, or did not come to its end. */
import type { WasmFrame } from "@phantasm/host";
import type { Diagnostic } from "../diagnostics.js";
import { CallGraph } from "./call-graph.js";
import type { SuspensionRules } from "./suspension.js";
import { tryInit, type Failure, type Stop } from "./trial.js";

/** A module as emitted, and where its bytes come from. */
export interface Binary {
  readonly binary: Uint8Array;
  readonly sourceMap: string;
}

export type Places = (sourceMap: string) => Pick<SuspensionRules, "placeOf">;

/** `MESSAGE (FILE:LINE:COLUMN)`, as the runtime's abort writes it. */
const PLACE = / \([^()]*:\d+:\d+\)$/;
const LIBRARY = "~lib/";

const STOPPED: Readonly<Record<Stop["what"], string>> = {
  work: "top-level code takes too long for a build, if it ends at all",
  stack: "top-level code nests its calls too deep for a build",
  memory: "top-level code makes memory larger than an image can be",
};

/** The innermost call that is the application's own. */
function ownPlace(
  { binary, sourceMap }: Binary,
  places: Places,
  frames: readonly WasmFrame[],
): Omit<Diagnostic, "message"> {
  const { functions } = new CallGraph(binary);
  const own = frames.find(
    ({ functionIndex }) => !functions[functionIndex]?.name.startsWith(LIBRARY),
  );
  // A loop at the very start has no place before it but in another function.
  return own ? places(sourceMap).placeOf(own.offset, functions[own.functionIndex]?.start) : {};
}

/**
 * @param source the module before any pass: an optimised one no longer knows every line
 * @param failure of the optimised module
 */
export function initFailure(source: Binary, places: Places, failure: Failure): Diagnostic {
  const again = tryInit(source.binary);
  const place = again.outcome === "failed" ? ownPlace(source, places, again.frames) : {};
  const { message } = again.outcome === "failed" ? again : failure;
  const text = place.file === undefined ? message : message.replace(PLACE, "");
  return {
    ...place,
    message: `top-level code fails at every boot: ${text}`,
    hint: "It runs before main, and was run while the image was built: it has no devices and no arguments.",
  };
}

/** @param source the module before any pass: in an optimised one a loop may bear the line before it */
export function initWarning(source: Binary, places: Places, { what }: Stop): Diagnostic {
  const again = tryInit(source.binary);
  const place = again.outcome === "stopped" ? ownPlace(source, places, again.frames) : {};
  return {
    ...place,
    message: STOPPED[what],
    hint: "The build stopped it at a limit, and leaves it to every boot.",
  };
}
