/** What the manifest implies about imports and exports, and the checks that it is so. */
import {
  EXPORTS,
  HYPERCALLS,
  IMPORT_MODULE,
  type Hypercall,
  type HypercallName,
} from "@phantasm/abi";
import {
  signature,
  type FunctionImport,
  type Global,
  type ModuleExport,
  type Signature,
} from "./declarations.js";
import { SealError } from "./error.js";
import { quote } from "./escape.js";
import type { Manifest } from "./manifest.js";

type NamedHypercall = Hypercall & { readonly name: HypercallName };

const CALLS: readonly NamedHypercall[] = HYPERCALLS;

/** A device type is a capability that a device brings along. */
function capabilities(manifest: Manifest): ReadonlySet<string | null> {
  return new Set([null, ...manifest.capabilities, ...manifest.devices.map(({ type }) => type)]);
}

/**
 * The hypercalls that an image with this manifest imports, in the order of the ABI: exactly these,
 * used or not, and exactly these are what a host hands over.
 */
export function impliedHypercalls(manifest: Manifest): NamedHypercall[] {
  const declared = capabilities(manifest);
  return CALLS.filter(({ capability }) => declared.has(capability));
}

function signatureOf(call: Hypercall): Signature {
  return signature(
    call.parameters.map(({ type }) => type),
    call.result === null ? [] : [call.result.type],
  );
}

function whyUnexpected(name: string): string {
  const call = CALLS.find((candidate) => candidate.name === name);
  if (call === undefined) return "there is no such hypercall";
  return call.capability === "net" || call.capability === "block"
    ? `the manifest declares no ${call.capability} device`
    : `the manifest does not declare the capability ${quote(call.capability ?? "")}`;
}

/** Refuses imports other than those the manifest implies. */
export function checkImports(imports: readonly FunctionImport[], manifest: Manifest): void {
  const implied = new Map(impliedHypercalls(manifest).map((call) => [call.name as string, call]));
  const seen = new Set<string>();
  for (const { module, name, signature: actual } of imports) {
    const label = `import ${quote(`${module}.${name}`)}`;
    if (module !== IMPORT_MODULE)
      throw new SealError(
        "import-module",
        `${label}: everything must come from "${IMPORT_MODULE}"`,
      );
    const call = implied.get(name);
    if (call === undefined)
      throw new SealError("import-unexpected", `${label}: ${whyUnexpected(name)}`);
    if (seen.has(name)) throw new SealError("import-duplicate", `${label} is there twice`);
    seen.add(name);
    const expected = signatureOf(call);
    if (actual !== expected)
      throw new SealError(
        "import-signature",
        `${label} has type ${actual}, the ABI gives it ${expected}`,
      );
  }
  for (const name of implied.keys())
    if (!seen.has(name))
      throw new SealError(
        "import-missing",
        `the manifest implies "${IMPORT_MODULE}.${name}", but it is not imported`,
      );
}

/** What the exports are checked against. */
export interface Definitions {
  readonly imported: number;
  /** Types of the functions the module defines. */
  readonly functions: readonly Signature[];
  readonly globals: readonly Global[];
}

const FUNCTION_EXPORTS: Readonly<Record<string, Signature>> = {
  init: signature([], []),
  step: signature(["i64", "i32"], ["i64"]),
};

const GLOBAL_EXPORT = /^g(0|[1-9][0-9]{0,4})$/;

function checkFunctionExport(item: ModuleExport, expected: Signature, module: Definitions): void {
  const label = `export ${quote(item.name)}`;
  if (item.kind !== "function")
    throw new SealError("export-kind", `${label} is a ${item.kind}, not a function`);
  const actual = module.functions[item.index - module.imported];
  if (actual === undefined)
    throw new SealError("export-kind", `${label} is not a function that the image defines`);
  if (actual !== expected)
    throw new SealError("export-kind", `${label} has type ${actual}, it must be ${expected}`);
}

function checkGlobalExport(item: ModuleExport, position: number, mutable: readonly number[]): void {
  const label = `export ${quote(item.name)}`;
  const expected = mutable[position];
  if (expected === undefined)
    throw new SealError(
      "export-unexpected",
      `${label}: there are only ${String(mutable.length)} mutable globals`,
    );
  if (item.kind !== "global")
    throw new SealError("export-kind", `${label} is a ${item.kind}, not a global`);
  if (item.index !== expected)
    throw new SealError(
      "export-global",
      `${label} is global ${String(item.index)}, it must be the mutable global ${String(expected)}`,
    );
}

/** Refuses exports other than memory, init, step and the mutable globals in index order. */
export function checkExports(exports: readonly ModuleExport[], module: Definitions): void {
  const mutable = module.globals.flatMap((global, index) => (global.mutable ? [index] : []));
  const seen = new Set<string>();
  for (const item of exports) {
    const { name, kind, index } = item;
    if (seen.has(name))
      throw new SealError("export-duplicate", `export ${quote(name)} is there twice`);
    seen.add(name);
    const expected = Object.hasOwn(FUNCTION_EXPORTS, name) ? FUNCTION_EXPORTS[name] : undefined;
    const position = GLOBAL_EXPORT.exec(name)?.[1];
    if (expected !== undefined) checkFunctionExport(item, expected, module);
    else if (position !== undefined) checkGlobalExport(item, Number(position), mutable);
    else if (name !== "memory")
      throw new SealError(
        "export-unexpected",
        `export ${quote(name)}: only memory, init, step and the mutable globals may be exported`,
      );
    else if (kind !== "memory" || index !== 0)
      throw new SealError("export-kind", `export "memory" is a ${kind}, not memory 0`);
  }
  const required = [
    ...EXPORTS.map(({ name }) => name),
    ...mutable.map((_, at) => `g${String(at)}`),
  ];
  for (const name of required)
    if (!seen.has(name)) throw new SealError("export-missing", `there is no export "${name}"`);
}
