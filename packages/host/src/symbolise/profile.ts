/** CPU profiles as the engine makes them, with AssemblyScript names and places for the image's functions. */
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { shortName } from "./names.js";
import type { Symboliser } from "./symbolise.js";

/** The part of the format that is looked at; the rest is passed on. Numbers count from 0. */
export interface CpuProfile {
  readonly nodes: readonly ProfileNode[];
  readonly samples?: readonly number[];
}

interface ProfileNode {
  readonly id: number;
  readonly callFrame: {
    readonly functionName: string;
    readonly url: string;
    readonly lineNumber: number;
    readonly columnNumber: number;
  };
  readonly positionTicks?: readonly unknown[];
}

/** Explains the functions of an image; all else stays. */
export function explainProfile(
  profile: CpuProfile,
  symboliser: Symboliser,
  imagePath: string,
): CpuProfile {
  const urls = new Map<string, string>();
  const urlOf = (source: string): string => {
    const url = urls.get(source) ?? sourceUrl(source, imagePath);
    urls.set(source, url);
    return url;
  };
  const nodes = profile.nodes.map((node) => {
    if (!node.callFrame.url.startsWith("wasm:")) return node;
    return explainNode(node, symboliser, urlOf);
  });
  return { ...profile, nodes };
}

function explainNode(
  { positionTicks, ...node }: ProfileNode,
  symboliser: Symboliser,
  urlOf: (source: string) => string,
): ProfileNode {
  const { callFrame } = node;
  // The engine says at which byte a function begins, and counts all samples to that place.
  const { name, place } = symboliser.describe(symboliser.functionAt(callFrame.columnNumber));
  const functionName = shortName(name ?? callFrame.functionName);
  if (place === null) {
    const kept = positionTicks === undefined ? {} : { positionTicks };
    return { ...node, ...kept, callFrame: { ...callFrame, functionName } };
  }
  const url = urlOf(place.source);
  const lineNumber = place.line - 1;
  const columnNumber = place.column - 1;
  return { ...node, callFrame: { ...callFrame, functionName, url, lineNumber, columnNumber } };
}

/** A source of the project is a file that an editor can open: it lies beside the folder of the image. */
function sourceUrl(source: string, imagePath: string): string {
  const folder = dirname(imagePath);
  const path = [join(folder, "..", source), join(folder, source)].find((file) => existsSync(file));
  return path === undefined || source.startsWith("~lib/") ? source : pathToFileURL(path).href;
}
