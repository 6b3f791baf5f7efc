import { expect, test } from "vitest";
import { matcher } from "./globs.js";

test.each<[string, string[], string[]]>([
  ["*.html", ["a.html", "d/e/a.html"], ["a.htm", "a.html.gz", "html"]],
  ["assets/**", ["assets/a", "assets/d/a"], ["assets", "x/assets/a"]],
  ["./assets/*.js", ["assets/a.js"], ["assets/d/a.js"]],
  ["**/drafts/**", ["drafts/a", "d/drafts/e/a"], ["draft/a"]],
  ["d/**/a", ["d/a", "d/e/a", "d/e/f/a"], ["d/ea"]],
  ["a?c.(x)", ["abc.(x)"], ["ac.(x)", "a/c.(x)", "abc.x"]],
])("%s", (pattern, matching, others) => {
  const matches = matcher([pattern]);
  for (const path of matching) expect(`${path} ${matches(path)}`).toBe(`${path} true`);
  for (const path of others) expect(`${path} ${matches(path)}`).toBe(`${path} false`);
});
