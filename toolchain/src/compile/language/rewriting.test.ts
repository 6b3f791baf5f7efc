import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { rewrite } from "./rewriting.js";

/** The rewritten text, and the names of each pattern with what stands at their places. */
function rewritten(source: string): { text: string; names: readonly (readonly string[])[] } {
  const { text, patterns } = rewrite(source);
  return {
    text,
    names: [...patterns.values()].map((names) =>
      names.map((name) =>
        name === null ? "-" : source.slice(name.start, name.start + name.text.length),
      ),
    ),
  };
}

describe("a pattern of a loop", () => {
  test("becomes one name, and blanks as long as it was", () => {
    expect(rewritten("for (const [key, value] of map) {}")).toEqual({
      text: "for (const $            of map) {}",
      names: [["key", "value"]],
    });
  });

  test("keeps its lines, over comments too", () => {
    const source = "for/**/( let [ // ]\n  a /* a, */ ,\r\n\t$b_2,\n]\nof c) ;";
    const { text, names } = rewritten(source);
    expect(text).toBe("for/**/( let $     \n              \r\n      \n \nof c) ;");
    expect(names).toEqual([["a", "$b_2"]]);
  });

  test("may leave names out, and has names of any script", () => {
    expect(rewritten("for(var[,größe]of x);for(const[]of y);for(const[_,,z]of[w]);").names).toEqual(
      [["-", "größe"], [], ["_", "-", "z"]],
    );
  });

  test("is found at its place", () => {
    expect([...rewrite("x; for (const [a] of b);").patterns.keys()]).toEqual([14]);
  });

  test.each([
    "for (const [a, [b]] of c) {}",
    "for (const [a = 1] of c) {}",
    "for (const [...a] of c) {}",
    "for (const { a } of c) {}",
    "for (const [a] offset) {}",
    "for (const [a] in c) {}",
    "for ([a] of c) {}",
    "const [a] = of;",
    "format(const [a] of c)",
  ])("of another form stays: %s", (source) => {
    expect(rewritten(source)).toEqual({ text: source, names: [] });
  });
});

describe("the word type", () => {
  test.each([
    ["import type { A } from 'a';", "import      { A } from 'a';"],
    ["import { type A, B, type C as D } from 'a';", "import {      A, B,      C as D } from 'a';"],
    ["import type A from 'a';", "import      A from 'a';"],
    ["import type * as a from 'a';", "import      * as a from 'a';"],
    ["import\n  type\n{\n  A,\n} from 'a';", "import\n      \n{\n  A,\n} from 'a';"],
    ["export type { A } from 'a';", "export      { A } from 'a';"],
    ["export { type A };", "export {      A };"],
  ])("is left out: %s", (source, text) => {
    expect(rewrite(source).text).toBe(text);
  });

  test.each([
    "import type from 'a';",
    "import { type } from 'a';",
    "import { type as A, type, B } from 'a';",
    "export type A = B;",
    "export type A<T> = { of: T };",
    "export const type = { type: A };",
    "type A = B;",
  ])("stays where it is a name or declares one: %s", (source) => {
    expect(rewrite(source).text).toBe(source);
  });
});

const LOOP = "for (const [a] of b);";
const BARE = "for (const $   of b);";

test.each([
  `// ${LOOP}`,
  `/* ${LOOP}\n ${LOOP} */`,
  `"${LOOP}"`,
  `'\\'${LOOP}'`,
  `"\\\\\\"${LOOP}"`,
  `\`${LOOP}\``,
  `\`\\\`\\\${${LOOP}\``,
  `\`$\${1}{}${LOOP}\``,
  `\`\${"}"}${LOOP}\``,
  `\`\${\`\${{}}\`}${LOOP}\``,
])("what is no code stays: %s", (source) => {
  expect(rewrite(source).text).toBe(source);
  expect(rewrite(`${source}\n${LOOP}`).text).toBe(`${source}\n${BARE}`);
});

test.each([
  [`\`\${f(() => { ${LOOP} })}\``, `\`\${f(() => { ${BARE} })}\``],
  [`\`\${\`\${${LOOP}}\`}\``, `\`\${\`\${${BARE}}\`}\``],
  [`a / b; ${LOOP} c / d`, `a / b; ${BARE} c / d`],
  [`"a\n${LOOP}`, `"a\n${BARE}`],
])("code is found in templates and after what never ends: %s", (source, text) => {
  expect(rewrite(source).text).toBe(text);
});

test("whatever the text, its length and its lines stay, and it is rewritten once", () => {
  const word = fc.constantFrom(
    ...["for", "(", "const", "let", "[", "]", "a", "b", ",", "of", ")", "import", "type", "{", "}"],
    ...["`", "${", '"', "'", "\\", "//", "/*", "*/", "\n", "\r\n", " ", "\t", "$", "😀", "export"],
    ...["for (const [", "] of", "import type {", LOOP],
  );
  fc.assert(
    fc.property(fc.array(word, { maxLength: 40, size: "max" }), (words) => {
      const source = words.join(" ").replaceAll("\n ", "\n");
      const { text, patterns } = rewrite(source);
      const lines = (of: string): string => of.replace(/[^\r\n]/g, " ");
      expect(lines(text)).toBe(lines(source));
      expect(rewrite(text)).toEqual({ text, patterns: new Map() });
      for (const [start, names] of patterns) {
        expect(source[start] + (text[start] ?? "")).toBe("[$");
        for (const name of names)
          if (name) expect(source.startsWith(name.text, name.start)).toBe(true);
      }
    }),
    { numRuns: 3000 },
  );
});
