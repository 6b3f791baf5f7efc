/**
 * `for (const [key, value] of map)`: the parser knows no patterns. Before it reads a source, each pattern is
 * replaced by one name and blanks, so that every line and column stays where it was; the names of the pattern
 * are kept for the loop's lowering.
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

/** Finds the places of `for` in a source's code: not in strings, templates' text and comments. */
function* loops(text: string): Generator<number> {
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
      if (token === "for") yield at;
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

/** Takes the patterns out of the loops of a source; the text keeps its length and its lines. */
export function rewritePatterns(text: string): Rewritten {
  const patterns = new Map<number, (PatternName | null)[]>();
  if (!/\bof\b/.test(text)) return { text, patterns };
  let rewritten = "";
  let copied = 0;
  for (const loop of loops(text)) {
    const head = matchAt(HEAD, text, loop);
    if (!head) continue;
    const start = loop + head[0].length;
    const pattern = matchAt(PATTERN, text, start)?.[0];
    if (pattern === undefined) continue;
    patterns.set(start, namesOf(text, start));
    rewritten += text.slice(copied, start) + STAND_IN + pattern.slice(1).replace(/[^\r\n]/g, " ");
    copied = start + pattern.length;
  }
  return { text: rewritten + text.slice(copied), patterns };
}
