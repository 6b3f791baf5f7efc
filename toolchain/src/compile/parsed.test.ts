import { expect, test } from "vitest";
import { ParsedSources } from "./parsed.js";

interface FakeSource {
  readonly text: string;
  readonly internalPath: string;
  readonly statements: readonly unknown[];
}

/** Notes what it parses; a source has nothing in it. */
class FakeParser {
  readonly sources: FakeSource[] = [];
  readonly diagnostics: unknown[] = [];
  readonly donelog = new Set<string>();
  readonly seenlog = new Set<string>();
  readonly parsed: string[] = [];

  parseFile(text: string, path: string, isEntry: boolean): void {
    this.parsed.push(isEntry ? `${text} as an entry` : text);
    this.sources.push({ text, internalPath: path.replace(/\.ts$/, ""), statements: [] });
  }
}

test("of a path, what was parsed last is kept: a process that builds all day does not grow", () => {
  const kept = new ParsedSources({ Import: 1, Export: 2, NamespaceDeclaration: 3 });
  class Parser extends FakeParser {}
  kept.serve(Parser.prototype);
  const compile = (text: string, isEntry = false): string[] => {
    const parser = new Parser();
    parser.parseFile(text, "main.ts", isEntry);
    expect(parser.sources.map((source) => source.text)).toEqual([text]);
    return parser.parsed;
  };
  expect(compile("1")).toEqual(["1"]);
  expect(compile("1"), "as it was").toEqual([]);
  expect(compile("1", true)).toEqual(["1 as an entry"]);
  expect(compile("2")).toEqual(["2"]);
  expect(compile("2")).toEqual([]);
  expect(compile("1"), "as it was once").toEqual(["1"]);
});
