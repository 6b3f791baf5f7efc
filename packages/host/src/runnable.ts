/** The least a domain needs of an image. Plain data: it can be sent to another thread. */
import { HYPERCALLS, type HypercallName } from "@phantasm/abi";
import type { Manifest } from "@phantasm/seal";
import type { ArgumentRecord } from "./arguments/parse.js";

export interface RunnableImage {
  readonly manifest: Manifest;
  /** Compiled from the very bytes that were verified. */
  readonly module: WebAssembly.Module;
  /** `sha256:` and 64 hex digits. */
  readonly digest: string;
  /** Boot arguments as the image reads them. Absent where they always come encoded. */
  encodeArguments?(values: ArgumentRecord): Uint8Array;
}

const KNOWN = new Set<string>(HYPERCALLS.map(({ name }) => name));
const importsOf = new WeakMap<WebAssembly.Module, readonly HypercallName[]>();

function isHypercall(name: string): name is HypercallName {
  return KNOWN.has(name);
}

/** The hypercalls that a module imports, asked of the engine once. */
export function importedCalls(module: WebAssembly.Module): readonly HypercallName[] {
  let names = importsOf.get(module);
  if (names === undefined) {
    names = WebAssembly.Module.imports(module)
      .map(({ name }) => name)
      .filter(isHypercall);
    importsOf.set(module, names);
  }
  return names;
}

/** Whether the manifest implies this hypercall. Others are not handed over, whatever is imported. */
export function implies(manifest: Manifest, name: HypercallName): boolean {
  const capability = HYPERCALLS.find((call) => call.name === name)?.capability ?? null;
  switch (capability) {
    case null:
      return true;
    case "net":
    case "block":
      return manifest.devices.some(({ type }) => type === capability);
    default:
      return manifest.capabilities.includes(capability);
  }
}
