/** What the check of suspension asks about the sources of a compilation. */
import { decode, type SourceMapSegment } from "@jridgewell/sourcemap-codec";
import type { Diagnostic } from "../diagnostics.js";
import { packageName } from "../packages.js";
import type { SourceTree } from "./resolve.js";
import type { SuspensionRules } from "./suspension.js";

const LIBRARY = "~lib/";

interface Mappings {
  readonly sources: readonly string[];
  readonly segments: readonly SourceMapSegment[];
}

function open(map: string): Mappings {
  const { sources = [], mappings = "" } = JSON.parse(map) as {
    readonly sources?: readonly string[];
    readonly mappings?: string;
  };
  return { sources, segments: decode(mappings).flat() };
}

/** @param map source map of the module that is checked */
export function suspensionRules(tree: SourceTree, map: string): SuspensionRules {
  let opened: Mappings | undefined;
  const packages = new Map(
    [...tree.sources.values()].flatMap(({ package: owner }) =>
      owner ? [[owner.name, owner]] : [],
    ),
  );
  return {
    packageOf: (name) => {
      if (!name.startsWith(LIBRARY)) return null;
      const owner = packageName(name.slice(LIBRARY.length));
      return packages.has(owner) ? owner : null;
    },
    maySuspend: (owner) => packages.get(owner)?.module.suspends === true,
    placeOf: (offset, start = 0) => place(tree, (opened ??= open(map)), offset, start),
  };
}

/** The file, line and column that a byte of the module was compiled from. */
function place(
  tree: SourceTree,
  { sources, segments }: Mappings,
  offset: number,
  start: number,
): Omit<Diagnostic, "message"> {
  // A call whose result nobody uses has no place of its own: then the nearest one in its function.
  const inside = segments.filter((segment) => segment[0] >= start && segment.length > 1);
  const at =
    inside.findLast((segment) => segment[0] <= offset) ??
    inside.find((segment) => segment[0] > offset);
  if (!at || at.length === 1) return {};
  const [, source, line, column] = at;
  const known = tree.sources.get(sources[source] ?? "");
  if (!known) return {};
  return {
    file: known.path ?? known.name,
    line: line + 1,
    column: column + 1,
    source: known.text.split("\n")[line] ?? "",
  };
}
