// Code as HTML: a few classes that a style sheet colours. What it does not know stays as it is.

const KEYWORDS =
  "abstract as break case class const constructor continue default defer do else enum export extends false final for from function get if implements import in instanceof interface let new null of operator override private protected public readonly return set static super switch this throw true try type typeof void while";
const TYPES = "bool boolean f32 f64 i8 i16 i32 i64 number string u8 u16 u32 u64 usize isize";

const word = (text) => `\\b(?:${text.replaceAll(" ", "|")})\\b`;
/** The first that fits counts. */
const CODE = new RegExp(
  [
    String.raw`(?<c>//[^\n]*|/\*[\s\S]*?\*/)`,
    String.raw`(?<s>"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|${"`"}(?:\\.|[^${"`"}\\])*${"`"})`,
    String.raw`(?<n>\b\d[\w.]*)`,
    // Not as the name of a property or a function.
    `(?<k>${word(KEYWORDS)}(?!\\??:))`,
    String.raw`(?<t>${word(TYPES)}(?![(:])|\b[A-Z]\w*[a-z]\w*\b)`,
  ].join("|"),
  "g",
);
const SHELL = /(?<c>(?:^|(?<=\s))#[^\n]*)|(?<s>"[^"\n]*"|'[^'\n]*')/gm;
const LANGUAGES = { ts: CODE, js: CODE, mjs: CODE, json: CODE, jsonl: CODE, sh: SHELL };

export function escape(text) {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}

/** @param language of a fence: `ts`, `console`, … */
export function highlight(text, language) {
  if (language === "console") return text.split("\n").map(consoleLine).join("\n");
  const pattern = LANGUAGES[language];
  return pattern === undefined ? escape(text) : coloured(text, pattern);
}

function coloured(text, pattern) {
  let html = "";
  let at = 0;
  for (const found of text.matchAll(pattern)) {
    const [name] = Object.entries(found.groups).find(([, value]) => value !== undefined);
    html += `${escape(text.slice(at, found.index))}<i class="${name}">${escape(found[0])}</i>`;
    at = found.index + found[0].length;
  }
  return html + escape(text.slice(at));
}

/** What is typed stands out; the prompt is not copied with it. */
function consoleLine(line) {
  if (!line.startsWith("$ ")) return `<i class="o">${escape(line)}</i>`;
  return `<i class="p">$ </i>${coloured(line.slice(2), SHELL)}`;
}
