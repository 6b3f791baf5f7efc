/** What the parser takes, but the compiler neither compiles nor explains: `yield` makes it crash. */
import type { Source, UnaryPrefixExpression } from "assemblyscript";
import type { Mistake } from "./lowering.js";
import type { Syntax } from "./syntax.js";
import { walk } from "./tree.js";

const WORDS = /\.\.\.|\byield\b/;

/** The mistakes of one source. */
export function refused(syntax: Syntax, source: Source): Mistake[] {
  if (!WORDS.test(source.text)) return [];
  const { NodeKind, Token } = syntax;
  const mistakes: Mistake[] = [];
  for (const statement of source.statements)
    walk(statement, (node) => {
      if (node.kind !== NodeKind.UnaryPrefix) return true;
      const { operator, range } = node as UnaryPrefixExpression;
      if (operator === Token.Yield)
        mistakes.push({
          range,
          message: "There are no generators",
          hint: "Return an array, or write a class with a method that returns the next value.",
        });
      if (operator === Token.Dot_Dot_Dot)
        mistakes.push({
          range,
          message: "There is no spread",
          hint: "Use a.concat(b), or push one by one; a rest parameter takes single values only.",
        });
      return true;
    });
  return mistakes;
}
