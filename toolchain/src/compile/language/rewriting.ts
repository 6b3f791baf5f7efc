/**
 * What is taken out of a source before it is parsed, because the parser knows it not: the patterns of
 * `for (const [key, value] of map)`, and the word `type` of imports. Blanks stand in its place, so that every
 * line and column stays where it was. The names of patterns are kept for the loops' lowering.
 */

/** One name of a pattern; null where it leaves one out. */
export interface PatternName {
  readonly text: string;
  readonly start: number;
}

export interface Rewritten {
  readonly text: string;
  /** By the place of the pattern's bracket. */
  readonly patterns: ReadonlyMap<number, readonly (PatternName | null)[]>;
}

/** Parsed by the compiler, and never seen by it again: the lowering takes it out. */
const STAND_IN = "$";

const TRIVIA = String.raw`(?:\s|//[^\n]*(?:\n|$)|/\*[^]*?\*/)*`;
const NAME = String.raw`[\p{ID_Start}$_][\p{ID_Continue}$\u200c\u200d]*`;
const HEAD = new RegExp(String.raw`for${TRIVIA}\(${TRIVIA}(?:const|let|var)${TRIVIA}(?=\[)`, "uy");
const PATTERN = new RegExp(
  String.raw`\[${TRIVIA}(?:${NAME})?${TRIVIA}(?:,${TRIVIA}(?:${NAME})?${TRIVIA})*\](?=${TRIVIA}of(?![\p{ID_Continue}$]))`,
  "uy",
);
const PART = new RegExp(String.raw`${TRIVIA}(${NAME})?${TRIVIA}(,|\])`, "duy");
/** `import type { … }`, `import type name from` and `export type { … } from`, up to the word. */
const TYPE_OF_ALL = new RegExp(
  String.raw`(?:import|export)${TRIVIA}type(?=${TRIVIA}(?:[{*]|(?!from\b)${NAME}${TRIVIA}from\b))`,
  "uy",
);
const KEYWORD = new RegExp(String.raw`(?:import|export)`, "y");
const LIST = new RegExp(String.raw`${TRIVIA}\{[^{}]*\}`, "uy");
/** `type` before a name in the braces, where it is not a name itself. */
const TYPE_OF_ONE = new RegExp(String.raw`\btype(?=\s+(?!as\b)[\p{ID_Start}$_])`, "gu");
/** What a name, a string, a comment or the start of a template is; anything else is one character. */
const TOKEN = new RegExp(
  [
    NAME,
    String.raw`//[^\n]*`,
    String.raw`/\*[^]*?(?:\*/|$)`,
    String.raw`"(?:[^"\\\n]|\\[^])*"?`,
    String.raw`'(?:[^'\\\n]|\\[^])*'?`,
  ].join("|"),
  "uy",
);
/** The rest of a template's text, up to its end or to an expression in it. */
const TEMPLATE = /(?:[^`\\$]|\\[^]|\$(?!\{))*(`|\$\{|$)/y;

function matchAt(expression: RegExp, text: string, at: number): RegExpExecArray | null {
  expression.lastIndex = at;
  return expression.exec(text);
}

function namesOf(text: string, bracket: number): (PatternName | null)[] {
  const names: (PatternName | null)[] = [];
  for (let at = bracket + 1; ;) {
    const part = matchAt(PART, text, at);
    if (!part) return names;
    const [whole, name, end] = part;
    const start = part.indices?.[1]?.[0];
    if (name !== undefined && start !== undefined) names.push({ text: name, start });
    else if (end === ",") names.push(null);
    if (end === "]") return names;
    at += whole.length;
  }
}

/** The words of a source that something may be taken from: not in strings, templates' text and comments. */
function* words(text: string): Generator<{ word: string; at: number }> {
  /** Open braces inside each template expression around this place. */
  const templates: number[] = [];
  let at = 0;
  const skipTemplate = (): void => {
    const match = matchAt(TEMPLATE, text, at);
    at += match?.[0].length ?? 1;
    if (match?.[1] === "${") templates.push(0);
  };
  while (at < text.length) {
    const token = matchAt(TOKEN, text, at)?.[0];
    if (token !== undefined) {
      if (token === "for" || token === "import" || token === "export") yield { word: token, at };
      at += token.length;
      continue;
    }
    const character = text[at++];
    const depth = templates.at(-1);
    if (character === "`") skipTemplate();
    else if (depth === undefined) continue;
    else if (character === "{") templates[templates.length - 1] = depth + 1;
    else if (character === "}") {
      if (depth > 0) templates[templates.length - 1] = depth - 1;
      else {
        templates.pop();
        skipTemplate();
      }
    }
  }
}

function blank(text: string): string {
  return text.replace(/[^\r\n]/g, " ");
}

/** An import or export without the word `type`, up to the end of its braces. */
function withoutType(text: string, at: number): string {
  const all = matchAt(TYPE_OF_ALL, text, at)?.[0];
  const start = all ?? matchAt(KEYWORD, text, at)?.[0] ?? "";
  const list = matchAt(LIST, text, at + start.length)?.[0] ?? "";
  return start.replace(/type$/, blank) + list.replace(TYPE_OF_ONE, blank);
}

/** Takes out what the parser does not know; the text keeps its length and its lines. */
export function rewrite(text: string): Rewritten {
  const patterns = new Map<number, (PatternName | null)[]>();
  if (!/\b(?:of|type)\b/.test(text)) return { text, patterns };
  let rewritten = "";
  let copied = 0;
  const replace = (start: number, by: string): void => {
    rewritten += text.slice(copied, start) + by;
    copied = start + by.length;
  };
  for (const { word, at } of words(text)) {
    // Names in the braces of an import are no words of their own.
    if (at < copied) continue;
    if (word !== "for") {
      replace(at, withoutType(text, at));
      continue;
    }
    const head = matchAt(HEAD, text, at);
    if (!head) continue;
    const start = at + head[0].length;
    const pattern = matchAt(PATTERN, text, start)?.[0];
    if (pattern === undefined) continue;
    patterns.set(start, namesOf(text, start));
    replace(start, STAND_IN + blank(pattern.slice(1)));
  }
  return { text: rewritten + text.slice(copied), patterns };
}
