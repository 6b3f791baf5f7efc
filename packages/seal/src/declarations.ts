/**
 * Reads what a module declares before its code: types, imports, functions, table, memory, globals,
 * exports. The rules that need no manifest are applied here; `boundary.ts` applies the others.
 */
import { quote } from "./escape.js";
import { InstructionCursor, readValueType } from "./instructions.js";
import {
  FUNCTIONS_MAX,
  GLOBALS_MAX,
  TABLE_ENTRIES_MAX,
  TYPES_MAX,
  TYPE_VALUES_MAX,
} from "./limits.js";
import { Opcode } from "./opcodes.js";
import { hex, type Reader } from "./reader.js";

/** Value types by their byte, and in the words of the text format. */
export const VALUE_TYPES: Readonly<Record<number, string>> = {
  0x7f: "i32",
  0x7e: "i64",
  0x7d: "f32",
  0x7c: "f64",
  0x7b: "v128",
};

const FORM_FUNCTION = 0x60;
const REFERENCE_FUNCREF = 0x70;
const IMPORT_FUNCTION = 0;
const LIMITS_WITH_MAXIMUM = 1;

/** A function type in one line, as in `(i64, i32) → i64`. Equal types have equal text. */
export type Signature = string;

export interface FunctionImport {
  readonly module: string;
  readonly name: string;
  readonly kind: "function";
  readonly signature: Signature;
}

export interface Limits {
  readonly minimum: number;
  readonly maximum: number;
}

/** A global that the module defines; none is imported. */
export interface Global {
  readonly type: string;
  readonly mutable: boolean;
}

export type ExportKind = "function" | "table" | "memory" | "global";

export interface ModuleExport {
  readonly name: string;
  readonly kind: ExportKind;
  readonly index: number;
}

const EXPORT_KINDS: readonly (ExportKind | undefined)[] = ["function", "table", "memory", "global"];

const IMPORT_KINDS: readonly string[] = ["function", "table", "memory", "global", "tag"];

/** Writes a function type as text. */
export function signature(parameters: readonly string[], results: readonly string[]): Signature {
  return `(${parameters.join(", ")}) → ${results.length === 1 ? (results[0] ?? "") : `(${results.join(", ")})`}`;
}

function readTypes(reader: Reader, what: string): string[] {
  const count = reader.count(what);
  if (count > TYPE_VALUES_MAX)
    reader.fail("type-form", `a type has more than ${String(TYPE_VALUES_MAX)} ${what}`);
  const types: string[] = [];
  for (let at = 0; at < count; at++) types.push(VALUE_TYPES[readValueType(reader)] ?? "");
  return types;
}

export function readTypeSection(reader: Reader): Signature[] {
  const count = reader.count("types", 3);
  if (count > TYPES_MAX)
    reader.fail("type-count", `${String(count)} types, at most ${String(TYPES_MAX)} are allowed`);
  const types: Signature[] = [];
  for (let at = 0; at < count; at++) {
    const form = reader.u8("the form of a type");
    if (form !== FORM_FUNCTION)
      reader.fail(
        "type-form",
        `type ${String(at)} has form ${hex(form)}, only function types (0x60) are allowed`,
        reader.position - 1,
      );
    const parameters = readTypes(reader, "parameters");
    types.push(signature(parameters, readTypes(reader, "results")));
  }
  return types;
}

function typeAt(reader: Reader, types: readonly Signature[], what: string): Signature {
  const start = reader.position;
  const index = reader.u32("a type index");
  const type = types[index];
  if (type === undefined)
    reader.fail(
      "function-type",
      `${what} has type ${String(index)}, but there are only ${String(types.length)} types`,
      start,
    );
  return type;
}

export function readImportSection(reader: Reader, types: readonly Signature[]): FunctionImport[] {
  const imports: FunctionImport[] = [];
  for (let count = reader.count("imports", 4); count > 0; count--) {
    const start = reader.position;
    const module = reader.name("the module of an import");
    const name = reader.name("the name of an import");
    const kind = reader.u8("the kind of an import");
    if (kind !== IMPORT_FUNCTION)
      reader.fail(
        "import-kind",
        `import ${quote(`${module}.${name}`)} is a ${IMPORT_KINDS[kind] ?? "thing of unknown kind"}, only functions may be imported`,
        start,
      );
    const type = typeAt(reader, types, `import ${quote(`${module}.${name}`)}`);
    imports.push({ module, name, kind: "function", signature: type });
    if (imports.length > FUNCTIONS_MAX)
      reader.fail("function-count", `there are more than ${String(FUNCTIONS_MAX)} functions`);
  }
  return imports;
}

/** The types of the functions that the module defines. */
export function readFunctionSection(
  reader: Reader,
  types: readonly Signature[],
  imported: number,
): Signature[] {
  const count = reader.count("functions");
  if (imported + count > FUNCTIONS_MAX)
    reader.fail("function-count", `there are more than ${String(FUNCTIONS_MAX)} functions`);
  const functions: Signature[] = [];
  for (let at = 0; at < count; at++)
    functions.push(typeAt(reader, types, `function ${String(imported + at)}`));
  return functions;
}

/** Entries of the one table; 0 without one. */
export function readTableSection(reader: Reader): number {
  const count = reader.count("tables", 3);
  if (count > 1)
    reader.fail("table-count", `there are ${String(count)} tables, at most one is allowed`);
  if (count === 0) return 0;
  const start = reader.position;
  const type = reader.u8("the type of a table");
  if (type !== REFERENCE_FUNCREF)
    reader.fail(
      "table-type",
      `the table holds ${hex(type)}, only funcref (0x70) is allowed`,
      start,
    );
  const flags = reader.u8("the limits of a table");
  if (flags !== LIMITS_WITH_MAXIMUM)
    reader.fail("table-type", "the table has no maximum; it must be equal to its minimum", start);
  const minimum = reader.u32("the minimum of a table");
  const maximum = reader.u32("the maximum of a table");
  if (minimum !== maximum)
    reader.fail(
      "table-type",
      `the table has minimum ${String(minimum)} and maximum ${String(maximum)}, they must be equal`,
      start,
    );
  if (minimum > TABLE_ENTRIES_MAX)
    reader.fail(
      "table-type",
      `the table has ${String(minimum)} entries, at most ${String(TABLE_ENTRIES_MAX)} are allowed`,
      start,
    );
  return minimum;
}

export function readMemorySection(reader: Reader): Limits {
  const count = reader.count("memories", 2);
  if (count !== 1)
    reader.fail("memory-count", `there are ${String(count)} memories, exactly one is required`);
  const start = reader.position;
  const flags = reader.u8("the limits of the memory");
  if (flags !== LIMITS_WITH_MAXIMUM) {
    const why =
      flags === 0
        ? "has no maximum"
        : flags === 2 || flags === 3
          ? "is shared between threads"
          : flags >= 4 && flags <= 7
            ? "is 64-bit"
            : "is of an unknown kind";
    reader.fail("memory-type", `the memory ${why}`, start);
  }
  return {
    minimum: reader.u32("the minimum of the memory"),
    maximum: reader.u32("the maximum of the memory"),
  };
}

const CONSTANTS: Readonly<Record<string, number>> = {
  i32: Opcode.I32_CONST,
  i64: Opcode.I64_CONST,
  f32: Opcode.F32_CONST,
  f64: Opcode.F64_CONST,
  v128: Opcode.V128_CONST,
};

/** Moves past a constant of the given type and its `end`; false when it is anything else. */
export function skipConstant(reader: Reader, type: string): boolean {
  const cursor = new InstructionCursor(reader.bytes, reader.position, reader.end);
  cursor.next();
  if (cursor.opcode !== CONSTANTS[type]) return false;
  cursor.next();
  reader.position = cursor.position;
  return cursor.opcode === Opcode.END;
}

export function readGlobalSection(reader: Reader): Global[] {
  const count = reader.count("globals", 4);
  if (count > GLOBALS_MAX)
    reader.fail(
      "global-count",
      `${String(count)} globals, at most ${String(GLOBALS_MAX)} are allowed`,
    );
  const globals: Global[] = [];
  for (let at = 0; at < count; at++) {
    const start = reader.position;
    const type = VALUE_TYPES[readValueType(reader)] ?? "";
    const mutability = reader.u8("the mutability of a global");
    if (mutability > 1)
      reader.fail("global-type", `global ${String(at)} has an unknown mutability`, start);
    if (mutability === 1 && type !== "i32" && type !== "i64")
      reader.fail(
        "global-type",
        `global ${String(at)} is a mutable ${type}; a snapshot keeps only i32 and i64 exactly`,
        start,
      );
    if (!skipConstant(reader, type))
      reader.fail(
        "global-initialiser",
        `global ${String(at)} does not start with a constant`,
        start,
      );
    globals.push({ type, mutable: mutability === 1 });
  }
  return globals;
}

export function readExportSection(reader: Reader): ModuleExport[] {
  const exports: ModuleExport[] = [];
  for (let count = reader.count("exports", 3); count > 0; count--) {
    const start = reader.position;
    const name = reader.name("the name of an export");
    const code = reader.u8("the kind of an export");
    const kind = EXPORT_KINDS[code];
    if (kind === undefined)
      reader.fail("export-kind", `export ${quote(name)} is of unknown kind ${hex(code)}`, start);
    exports.push({ name, kind, index: reader.u32("the index of an export") });
    // memory, init, step and the globals
    if (exports.length > GLOBALS_MAX + 3)
      reader.fail("export-unexpected", "there are more exports than there can be");
  }
  return exports;
}
