/**
 * Sources stay parsed between the compilations of a process: most of them are the library's, and the same each
 * time. The compiler does not change the tree of a source once it is parsed, but for a number that it notes in
 * it; the toolchain's rewriting does, once, and what it left is kept.
 */
import type { Node, Parser, Source } from "assemblyscript";

/** A source that was parsed without a word of complaint. */
export interface Parsed {
  readonly source: Source;
  /** What it imports, in the order in which the parser asked for it. */
  readonly requests: readonly Request[];
  /** How many loops were rewritten in it; undefined: the toolchain has not been over it yet. */
  loops: number | undefined;
}

interface Request {
  readonly internalPath: string;
  readonly path: Node;
  /** The parser notes at once that it has seen what is exported by name from elsewhere. */
  readonly noted: boolean;
}

interface Statement {
  readonly kind: number;
  readonly internalPath?: string | null;
  readonly path?: Node | null;
  readonly members?: readonly Statement[] | null;
}

/** Of the compiler's enumeration. */
interface Kinds {
  readonly Import: number;
  readonly Export: number;
  readonly NamespaceDeclaration: number;
}

/** Parsing a source may log what it wants in these, which are not part of the compiler's types. */
type Log = Pick<Parser, "donelog" | "seenlog" | "backlog" | "sources" | "diagnostics"> & {
  readonly dependees: Map<string, { readonly source: Source; readonly reportNode: Node }>;
  currentSource: Source | null;
  currentModuleName: string | null;
};

type ParseFile = (this: Log, text: string | null, path: string, isEntry: boolean) => void;

/** More than any image has; a process that meets more begins anew. */
const SOURCES_MAX = 4_000;
/** What stands for the pattern of a for…of: two patterns leave the same text behind. */
const PATTERN = /(?<![\w$])\$\s/;

export class ParsedSources {
  readonly #kinds: Kinds;
  /** By path: the text that was parsed last. What a file was before is not asked for again, and would add up. */
  readonly #byPath = new Map<string, Parsed>();
  readonly #bySource = new WeakMap<Source, Parsed>();

  constructor(kinds: Kinds) {
    this.#kinds = kinds;
  }

  /** Has a parser, or all by their prototype, take what is kept here. */
  serve(parser: { parseFile: unknown }): void {
    const parse = parser.parseFile as ParseFile;
    // eslint-disable-next-line @typescript-eslint/no-this-alias -- the function below has a `this` of its own
    const kept = this;
    parser.parseFile = function (this: Log, text: string | null, path: string, isEntry: boolean) {
      if (text === null || PATTERN.test(text)) return parse.call(this, text, path, isEntry);
      const key = `${isEntry ? "entry" : ""}\0${path}`;
      const known = kept.#byPath.get(key);
      if (known?.source.text === text) return kept.#replay(this, known);
      const [sources, complaints] = [this.sources.length, this.diagnostics.length];
      parse.call(this, text, path, isEntry);
      const source = this.sources[sources];
      if (source && this.diagnostics.length === complaints) kept.#keep(key, source);
    };
  }

  /** What is known of a source that this process has parsed. */
  of(source: Source): Parsed | undefined {
    return this.#bySource.get(source);
  }

  /** Forgets a source whose tree is not what its text says. */
  forget(source: Source): void {
    for (const [key, parsed] of this.#byPath)
      if (parsed.source === source) this.#byPath.delete(key);
    this.#bySource.delete(source);
  }

  #keep(key: string, source: Source): void {
    const requests: Request[] = [];
    for (const statement of source.statements as unknown as readonly Statement[]) {
      // Nobody imports inside of a namespace; who tries is parsed each time.
      if (statement.kind === this.#kinds.NamespaceDeclaration && this.#imports(statement)) return;
      const request = this.#request(statement);
      if (request) requests.push(request);
    }
    if (this.#byPath.size >= SOURCES_MAX) this.#byPath.clear();
    const parsed: Parsed = { source, requests, loops: undefined };
    this.#byPath.set(key, parsed);
    this.#bySource.set(source, parsed);
  }

  #request({ kind, internalPath, path, members }: Statement): Request | undefined {
    if (kind !== this.#kinds.Import && kind !== this.#kinds.Export) return undefined;
    if (typeof internalPath !== "string" || !path) return undefined;
    return { internalPath, path, noted: kind === this.#kinds.Export && Boolean(members) };
  }

  #imports({ members }: Statement): boolean {
    return (members ?? []).some((member) => this.#request(member) !== undefined);
  }

  /** Does to the parser what parsing would. */
  #replay(parser: Log, { source, requests }: Parsed): void {
    const { internalPath } = source;
    if (parser.donelog.has(internalPath)) return;
    parser.donelog.add(internalPath);
    parser.seenlog.add(internalPath);
    // The compiler numbers the files of each module anew.
    source.debugInfoIndex = -1;
    parser.sources.push(source);
    parser.currentSource = source;
    parser.currentModuleName = null;
    for (const request of requests) {
      if (parser.seenlog.has(request.internalPath)) continue;
      parser.dependees.set(request.internalPath, { source, reportNode: request.path });
      parser.backlog.push(request.internalPath);
      if (request.noted) parser.seenlog.add(request.internalPath);
    }
  }
}
