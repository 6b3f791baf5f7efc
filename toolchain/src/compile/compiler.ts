/** The AssemblyScript compiler as this toolchain sees it: loaded once, on the first build. */
import type * as asc from "assemblyscript/asc";
import { HYPERCALLS } from "@phantasm/abi";
import type { Diagnostic } from "../diagnostics.js";
import { ParsedSources } from "./parsed.js";
import type { SourceTree } from "./resolve.js";
import { prepareStandardLibrary } from "./standard-library.js";

/** The part of a syntax node that the checks read; which fields are there depends on `kind`. */
export interface SyntaxNode {
  readonly kind: number;
  readonly range: SyntaxRange;
  readonly name?: SyntaxNode;
  readonly text?: string;
  readonly flags?: number;
  readonly expression?: SyntaxNode;
  readonly property?: SyntaxNode;
  readonly identifier?: SyntaxNode;
  readonly type?: SyntaxNode;
  readonly returnType?: SyntaxNode;
  readonly path?: { readonly value: string };
  readonly foreignName?: SyntaxNode;
  readonly exportedName?: SyntaxNode;
  readonly declarations?: readonly SyntaxNode[] | null;
  readonly decorators?: readonly SyntaxNode[] | null;
  readonly members?: readonly SyntaxNode[] | null;
  readonly parameters?: readonly SyntaxNode[];
  readonly typeParameters?: readonly SyntaxNode[] | null;
  readonly signature?: SyntaxNode;
}

export interface SyntaxRange {
  readonly start: number;
  readonly end: number;
  readonly source: { readonly normalizedPath: string };
}

export interface SyntaxSource {
  readonly normalizedPath: string;
  readonly internalPath: string;
  readonly text: string;
  readonly statements: readonly SyntaxNode[];
}

/** The part of a compiler diagnostic that is passed on. */
export interface CompilerMessage {
  readonly code: number;
  readonly category: number;
  readonly message: string;
  readonly range: SyntaxRange | null;
  readonly relatedRange: SyntaxRange | null;
}

type Asc = typeof asc;

/** The compiler as a library; enums are const by its types, but present at run time. */
interface Library {
  readonly Parser: { readonly prototype: { parseFile: unknown } };
  readonly NodeKind: Readonly<
    Record<
      | "ClassDeclaration"
      | "Decorator"
      | "Export"
      | "FunctionDeclaration"
      | "Identifier"
      | "Import"
      | "ImportDeclaration"
      | "NamespaceDeclaration"
      | "Parameter"
      | "PropertyAccess"
      | "VariableDeclaration",
      number
    >
  >;
  readonly CommonFlags: Readonly<Record<"Ambient" | "Export", number>>;
}

/** Line and column from 1, and the line, of an offset into a text. */
function position(text: string, offset: number): { line: number; column: number; source: string } {
  const start = text.lastIndexOf("\n", offset - 1) + 1;
  const end = text.indexOf("\n", offset);
  let line = 1;
  for (let at = text.indexOf("\n"); at >= 0 && at < offset; at = text.indexOf("\n", at + 1)) line++;
  return {
    line,
    column: offset - start + 1,
    source: text.slice(start, end < 0 ? undefined : end),
  };
}

export class Compiler {
  readonly asc: Asc;
  readonly version: string;
  readonly NodeKind: Library["NodeKind"];
  readonly CommonFlags: Library["CommonFlags"];
  /** Names of all hypercalls. */
  readonly hypercalls: ReadonlySet<string> = new Set(HYPERCALLS.map(({ name }) => name));

  readonly parsed: ParsedSources;
  #last: Promise<unknown> = Promise.resolve();

  private constructor(asc: Asc, { NodeKind, CommonFlags, Parser }: Library) {
    this.asc = asc;
    this.version = asc.version;
    this.NodeKind = NodeKind;
    this.CommonFlags = CommonFlags;
    this.parsed = new ParsedSources(NodeKind);
    this.parsed.serve(Parser.prototype);
    prepareStandardLibrary(asc.libraryFiles);
  }

  /** Loads the compiler: half a second, 100 MB. */
  static async load(): Promise<Compiler> {
    loading ??= Promise.all([import("assemblyscript/asc"), import("assemblyscript")]).then(
      ([asc, assemblyscript]) => new Compiler(asc, assemblyscript as unknown as Library),
    );
    return loading;
  }

  /** Runs one compilation after another: the compiler keeps state, and parsed sources, between its awaits. */
  alone<T>(work: () => Promise<T>): Promise<T> {
    const next = this.#last.then(work);
    this.#last = next.catch(() => undefined);
    return next;
  }

  /** Where a range lies in the user's files. */
  place(tree: SourceTree, range: SyntaxRange): Omit<Diagnostic, "message"> {
    const { source, start, end } = range;
    const known = tree.sources.get(source.normalizedPath);
    if (!known) return { file: source.normalizedPath };
    const { line, column, source: text } = position(known.text, start);
    return {
      file: known.path ?? source.normalizedPath,
      line,
      column,
      source: text,
      length: Math.max(1, end - start),
    };
  }
}

let loading: Promise<Compiler> | undefined;
