/**
 * What the toolchain adds to AssemblyScript: for…of and `defer`. Both are rewritten on the syntax tree,
 * before types are known; patterns of for…of are taken out of the text before it is parsed.
 */
import type { Parser, Source } from "assemblyscript";
import { BuildError } from "../../diagnostics.js";
import type { Compiler } from "../compiler.js";
import type { SourceTree } from "../resolve.js";
import { ITERATION, ITERATION_PATH, withIteration } from "./collections.js";
import { Lowering, type Mistake } from "./lowering.js";
import { BUILTINS, HELPERS } from "./loops.js";
import { rewrite } from "./rewriting.js";
import { Messages } from "./messages.js";
import { refused } from "./refused.js";
import { Maker, loadSyntax, type Syntax } from "./syntax.js";

const LIBRARY = "~lib/";
/** What there is to rewrite has one of these words. */
const WORDS = /\b(?:of|defer)\b/g;
/** The line before a word, in a comment: without a mark that code on such a line would need before the word. */
const COMMENT = /^\s*(?:\/\/|\/?\*(?!\/|.*(?:\*\/|[;{}()])))/;

/** False: a source has nothing to rewrite. Comments are full of "of", and most sources have it nowhere else. */
function mayNeedRewriting(text: string): boolean {
  // A line of a template's text may look like a comment, and have code in it.
  const anyLine = text.includes("`");
  for (const { index } of text.matchAll(WORDS)) {
    if (anyLine) return true;
    const line = text.slice(text.lastIndexOf("\n", index) + 1, index);
    if (!COMMENT.test(line)) return true;
  }
  return false;
}

/** The compiler's parser, when it has read all sources. */
export type ProgramParser = Pick<Parser, "sources" | "donelog" | "parseFile">;

/** The language of one compilation. */
export class Language {
  readonly #compiler: Compiler;
  readonly #tree: SourceTree;
  readonly #syntax: Syntax;
  #parsed = false;

  private constructor(compiler: Compiler, tree: SourceTree, syntax: Syntax) {
    this.#compiler = compiler;
    this.#tree = tree;
    this.#syntax = syntax;
  }

  static async load(compiler: Compiler, tree: SourceTree): Promise<Language> {
    return new Language(compiler, tree, await loadSyntax());
  }

  /** The compiler's `readFile`: as long as the file, line by line. */
  read(request: string): string | null {
    const text = this.#tree.read(request);
    return text === null ? null : rewrite(text).text;
  }

  /**
   * Rewrites all sources.
   *
   * @param parser that has parsed them
   * @throws BuildError for what cannot be rewritten
   */
  lower(parser: ProgramParser): void {
    this.#parsed = true;
    const mistakes: Mistake[] = [];
    let loops = 0;
    for (const source of [...parser.sources]) {
      const text = this.#tree.sources.get(source.normalizedPath)?.text;
      if (text === undefined) continue;
      const kept = this.#compiler.parsed.of(source);
      if (kept?.loops === undefined) {
        const lowered = this.#lower(source, text);
        mistakes.push(...lowered.mistakes);
        if (kept && lowered.mistakes.length === 0) kept.loops = lowered.loops;
        else if (kept) this.#compiler.parsed.forget(source);
        loops += lowered.loops;
      } else loops += kept.loops;
    }
    if (mistakes.length > 0)
      throw new BuildError(
        mistakes.map(({ range, message, hint }) => ({
          ...this.#compiler.place(this.#tree, range),
          message,
          hint,
        })),
      );
    if (loops > 0) this.#addIteration(parser);
  }

  #lower(source: Source, text: string): { loops: number; mistakes: readonly Mistake[] } {
    const mistakes = refused(this.#syntax, source);
    if (!mayNeedRewriting(text)) return { loops: 0, mistakes };
    const lowering = new Lowering(this.#syntax, rewrite(text).patterns);
    lowering.run(source);
    if (lowering.loops > 0) this.#import(source);
    return { loops: lowering.loops, mistakes: [...mistakes, ...lowering.mistakes] };
  }

  /** The compiler's messages so far: of its parser, or once all is parsed, about types. */
  get messages(): Messages {
    return new Messages(this.#tree, this.#parsed);
  }

  #import(source: Source): void {
    const make = new Maker(this.#syntax, source.range);
    source.statements.push(make.import("builtins", BUILTINS), make.import(ITERATION, HELPERS));
  }

  /** Puts the functions of loops into the program, and Map and Set with a place for them to go on. */
  #addIteration(parser: ProgramParser): void {
    const { sources } = parser;
    if (!sources.some(({ normalizedPath }) => normalizedPath === ITERATION_PATH)) {
      const text = this.#tree.read(`node_modules/${ITERATION}.ts`);
      if (text === null)
        throw new BuildError([
          {
            message: `for…of needs ${ITERATION}, which is not installed`,
            hint: "Run: npm install @phantasm/runtime",
          },
        ]);
      parser.parseFile(text, ITERATION_PATH, false);
    }
    for (const name of ["map", "set"]) {
      const path = `${LIBRARY}${name}.ts`;
      const index = sources.findIndex(({ normalizedPath }) => normalizedPath === path);
      const original = sources[index];
      if (!original) continue;
      parser.donelog.delete(`${LIBRARY}${name}`);
      parser.parseFile(withIteration(name, original.text), path, false);
      const changed = sources.pop();
      if (changed) sources[index] = changed;
    }
  }
}
