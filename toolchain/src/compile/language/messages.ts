/** The compiler's messages in the words of those who write TypeScript. */
import type { CompilerMessage, SyntaxRange } from "../compiler.js";
import type { SourceTree } from "../resolve.js";
import { ITERATION_PATH } from "./collections.js";
import type { Rule } from "./rule.js";
import { SYNTAX_RULES } from "./syntax-rules.js";
import { TYPE_RULES } from "./type-rules.js";

export interface Explanation {
  readonly message: string;
  readonly hint?: string;
}

/** What the compiler says of what it could not give a type because of something else. */
const NO_TYPE = /'auto'/;
/** Enough of the source before a place to see what it belongs to. */
const CONTEXT_CHARACTERS = 400;

/** Names of the compiler's own library for what the language calls otherwise. */
const TYPE_NAMES: Readonly<Record<string, string>> = {
  String: "string",
  ...Object.fromEntries(
    ["I8", "I16", "I32", "I64", "U8", "U16", "U32", "U64", "F32", "F64", "Bool"].map((name) => [
      `number/${name}`,
      name.toLowerCase(),
    ]),
  ),
};

/** A name as it is written: without the file, and for a local variable without its function. */
function plainName(name: string): string {
  return name
    .replaceAll(/~lib\/string\/String\b/g, TYPE_NAMES["String"] ?? "")
    .replaceAll(/~lib\/(number\/\w+)/g, (all, wrapper: string) => TYPE_NAMES[wrapper] ?? all)
    .replaceAll(/(?:~lib\/)?(?:[\w@.-]+\/)+/g, "")
    .replace(/^.*~/, "");
}

/** Names in quotes as they are written, unless two different ones would become the same. */
function withPlainNames(message: string): string {
  if (/^(?:File|Module) /.test(message)) return message;
  const names = new Set([...message.matchAll(/'([^']+)'/g)].map(([, name = ""]) => name));
  const plain = new Map([...names].map((name) => [name, plainName(name)]));
  if (new Set(plain.values()).size < plain.size) return message;
  return message.replaceAll(/'([^']+)'/g, (_, name: string) => `'${plain.get(name) ?? name}'`);
}

/** Words of a rule with the parts of the compiler's message that it names. */
function fill(rule: Rule, message: string): string {
  const parts = rule.message.exec(message) ?? [];
  return parts.reduce<string>(
    (said, part, index) => (index === 0 ? said : said.replaceAll(`$${index}`, part)),
    rule.says ?? message,
  );
}

function sameSource(a: SyntaxRange, b: SyntaxRange): boolean {
  return a.source.normalizedPath === b.source.normalizedPath;
}

/** The compiler's messages about one program. */
export class Messages {
  readonly #tree: SourceTree;
  readonly #rules: readonly Rule[];

  /** @param parsed whether the parser took all sources; then the messages are about types */
  constructor(tree: SourceTree, parsed: boolean) {
    this.#tree = tree;
    this.#rules = parsed ? TYPE_RULES : SYNTAX_RULES;
  }

  /** What a user is told. */
  explain(message: CompilerMessage): Explanation {
    const rule = this.#rule(message);
    const text = withPlainNames(rule ? fill(rule, message.message) : message.message);
    return rule ? { message: text, hint: rule.hint } : { message: text };
  }

  /**
   * Without the messages that only follow from others: the parser goes on in the middle of what it did
   * not understand, and the compiler with values of no type.
   */
  withoutConsequences(messages: readonly CompilerMessage[]): CompilerMessage[] {
    const own = messages.filter(
      ({ message, range }) =>
        !NO_TYPE.test(message) && range?.source.normalizedPath !== ITERATION_PATH,
    );
    const kept = own.length > 0 ? own : messages;
    const causes = kept.flatMap((message) => {
      const rule = this.#rule(message);
      return rule ? [{ message, rule }] : [];
    });
    return kept.filter((one, index) => {
      const cause = causes.find(({ message }) => message === one);
      if (!cause && causes.some(({ message, rule }) => this.#follows(one, message, rule)))
        return false;
      return !this.#stumbles || !kept.slice(0, index).some((other) => samePlace(other, one));
    });
  }

  /** A parser goes on after the first thing that it does not understand, and understands less. */
  get #stumbles(): boolean {
    return this.#rules === SYNTAX_RULES;
  }

  #text({ source }: SyntaxRange): string {
    return this.#tree.sources.get(source.normalizedPath)?.text ?? "";
  }

  #rule(message: CompilerMessage): Rule | undefined {
    const { range, message: said } = message;
    const text = range ? this.#text(range) : "";
    const start = range?.start ?? 0;
    const before = text.slice(Math.max(0, start - CONTEXT_CHARACTERS), start);
    const after = text.slice(start, start + CONTEXT_CHARACTERS);
    return this.#rules.find(
      (rule) =>
        rule.message.test(said) &&
        (rule.before?.test(before) ?? true) &&
        (rule.at?.test(after) ?? true),
    );
  }

  /** Whether a message says nothing that another, which is explained, does not. */
  #follows(one: CompilerMessage, cause: CompilerMessage, rule: Rule): boolean {
    const [a, b] = [one.range, cause.range];
    if (a === null || b === null || !sameSource(a, b)) return false;
    const sameLine = this.#line(a) === this.#line(b);
    if (this.#stumbles) return sameLine || a.start > b.start;
    return (
      (a.start <= b.start && a.end >= b.end) ||
      (sameLine && rule.echoes?.test(one.message) === true)
    );
  }

  #line(range: SyntaxRange): number {
    return this.#text(range).lastIndexOf("\n", range.start - 1);
  }
}

function samePlace({ range: a }: CompilerMessage, { range: b }: CompilerMessage): boolean {
  return a !== null && b !== null && sameSource(a, b) && a.start === b.start;
}
