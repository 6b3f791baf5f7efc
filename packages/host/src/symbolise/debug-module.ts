/**
 * A module for a debugger: the verified bytes, and behind them names and the source map, so that
 * breakpoints can be set in AssemblyScript. Every offset stays; only asked for with `--inspect`.
 */
import {
  decodedMappings,
  encodedMap,
  TraceMap,
  type SourceMapSegment,
} from "@jridgewell/trace-mapping";
import { appendNameSection, checkCompiled, Writer } from "@phantasm/seal";
import type { Image } from "../image.js";
import type { RunnableImage } from "../runnable.js";
import type { SideFiles } from "./side-files.js";

// https://tc39.es/ecma426/#sec-linking-wasm
const URL_SECTION = "sourceMappingURL";

/** The image compiled with whatever side files there are. */
export function debuggable(
  image: Image,
  files: Pick<SideFiles, "names" | "sourceMap">,
): RunnableImage {
  let bytes = image.verified.bytes;
  if (files.names !== null) bytes = appendNameSection(bytes, files.names);
  if (files.sourceMap !== null) {
    const url = mapUrl(files.sourceMap, image.verified.signatureShift);
    if (url !== null) bytes = appendUrl(bytes, url);
  }
  const module = new WebAssembly.Module(bytes);
  checkCompiled(module, image.verified);
  return {
    module,
    manifest: image.manifest,
    digest: image.digest,
    encodeArguments: (values) => image.encodeArguments(values),
  };
}

/**
 * A URL that is the map itself, so that a debugger elsewhere needs no access to files. Null for text
 * that is no source map: it is not signed, and whatever it is, the image runs.
 */
function mapUrl(text: string, shift: number): string | null {
  try {
    return shiftedUrl(text, shift);
  } catch {
    return null;
  }
}

function shiftedUrl(text: string, shift: number): string {
  const map = new TraceMap(text);
  const moved = decodedMappings(map).map((line) =>
    line.map((segment) => [segment[0] + shift, ...segment.slice(1)] as SourceMapSegment),
  );
  const shifted = encodedMap(new TraceMap({ ...encodedMap(map), mappings: moved }));
  const json = Buffer.from(JSON.stringify(shifted), "utf8").toString("base64");
  return `data:application/json;base64,${json}`;
}

function appendUrl(module: Uint8Array, url: string): Uint8Array<ArrayBuffer> {
  const payload = new Writer(url.length + 8).name(url).finish();
  return new Writer(module.length + url.length + 64)
    .raw(module)
    .custom(URL_SECTION, payload)
    .finish();
}
