/**
 * The same program twice: compiled to WebAssembly by the toolchain, and run as JavaScript by Node. What they
 * say must be equal, whatever a loop does to what it goes over, and however blocks are left.
 */
import fc from "fast-check";
import ts from "typescript";
import { describe, expect, test } from "vitest";
import { runProgram } from "../support/language.js";

type Calls = readonly (readonly [name: string, ...parameters: number[]])[];

/** Both dialects read this: what comes next depends on the seed alone. */
const SEQUENCE = `
let state = 0;
function next(limit: i32): i32 {
  state = (state * 421 + 1663) % 7875;
  return state % limit;
}
`;

function runAsJavaScript(source: string, calls: Calls): string[] {
  const { outputText } = ts.transpileModule(source.replaceAll("export ", ""), {
    compilerOptions: { target: ts.ScriptTarget.ES2022 },
  });
  const names = [...new Set(calls.map(([name]) => name))];
  const lines: string[] = [];
  // eslint-disable-next-line @typescript-eslint/no-implied-eval
  const load = new Function("say", `${outputText}\nreturn { ${names.join(", ")} };`) as (
    say: (line: string) => void,
  ) => Record<string, (...parameters: number[]) => void>;
  const functions = load((line) => void lines.push(line));
  for (const [name, ...parameters] of calls) functions[name]?.(...parameters);
  return lines;
}

function seeds(name: string, count: number): Calls {
  return Array.from({ length: count }, (_, seed) => [name, seed * 37 + 1] as const);
}

/** Changes a collection from inside of a loop over it: often a little, sometimes through several tables. */
const CHANGES = (add: string, again: string): string => `
    let changes = next(4);
    if (next(9) == 0) changes = 90;
    for (let i = 0; i < changes; i++) {
      const what = next(13);
      if (what < 5) all.delete(next(70));
      else if (what < 9) ${add};
      else if (what < 11) { all.delete(item); ${again}; }
      else if (what == 11 && next(9) == 0) all.clear();
    }
    if (next(4) == 0) continue;
    if (next(60) == 0) return;
    say("end of round");
`;

const COLLECTIONS = `${SEQUENCE}
export function overMap(seed: i32): void {
  state = seed;
  const all = new Map<i32, i32>();
  const count = next(50);
  for (let i = 0; i < count; i++) all.set(next(70), i);
  let rounds = 0;
  for (const [item, value] of all) {
    say("map " + item.toString() + " " + value.toString());
    if (++rounds > 200) break;
    ${CHANGES("all.set(next(70), rounds)", "all.set(item, -rounds)")}
  }
  say("left " + rounds.toString() + " " + all.size.toString());
}

export function overSet(seed: i32): void {
  state = seed;
  const all = new Set<i32>();
  const count = next(50);
  for (let i = 0; i < count; i++) all.add(next(70));
  let rounds = 0;
  for (const item of all) {
    say("set " + item.toString());
    if (++rounds > 200) break;
    ${CHANGES("all.add(next(70))", "all.add(item)")}
  }
  say("left " + rounds.toString() + " " + all.size.toString());
}

export function overViews(seed: i32): void {
  state = seed;
  const all = new Map<i32, i32>();
  const count = next(20);
  for (let i = 0; i < count; i++) all.set(next(70), i);
  let rounds = 0;
  for (const item of all.keys()) {
    say("key " + item.toString());
    for (const value of all.values()) {
      say("value " + value.toString());
      if (++rounds > 200) return;
      ${CHANGES("all.set(next(70), rounds)", "all.set(item, rounds)")}
    }
    for (const [key, value] of all.entries()) say(key.toString() + "=" + value.toString());
  }
}

export function overWide(seed: i32): void {
  state = seed;
  const all = new Map<string, f64>();
  const count = next(40);
  for (let i = 0; i < count; i++) all.set("key " + next(70).toString(), 0.5);
  for (const [key] of all) {
    for (let i = 0; i < 30; i++) if (next(3) == 0) all.delete("key " + next(70).toString());
    say(key);
    if (next(3) == 0 && all.size < 60) all.set("key " + next(70).toString() + key, 0.5);
  }
  for (const [, value] of all) say(value.toString());
}

export function overArray(seed: i32): void {
  state = seed;
  const all: i32[] = [];
  const count = next(20);
  for (let i = 0; i < count; i++) all.push(next(70));
  let rounds = 0;
  for (const [index, item] of all.entries()) {
    say(index.toString() + ":" + item.toString());
    if (++rounds > 100) break;
    const what = next(8);
    if (what == 0) all.push(item + 1);
    if (what == 1 && all.length > 0) all.pop();
    if (what == 2 && all.length > 0) all.shift();
    if (what == 3) all.splice(next(10), next(3));
    if (what == 4) continue;
  }
  for (const index of all.keys()) say(index.toString());
  for (let item of all.values()) { item += 1; say(item.toString()); if (next(9) == 0) break; }
  for (const pair of [[1, 2], [3, 4]]) for (const item of pair) say(item.toString());
  for (const [first, second] of [[1, 2], [3, 4]]) say(first.toString() + second.toString());
}

export function overText(seed: i32): void {
  state = seed;
  const texts = ["", "plain", "zwölf", "a😀b", "😀😀", "\\ud83d", "x\\ude00y", "\\ud83d\\ud83d\\ude00"];
  for (const text of texts) for (const character of text) say(character + character.length.toString());
}
`;

describe("for…of goes over what JavaScript goes over", () => {
  const calls = [
    ...seeds("overMap", 300),
    ...seeds("overSet", 300),
    ...seeds("overViews", 60),
    ...seeds("overWide", 30),
    ...seeds("overArray", 100),
    ["overText", 1] as const,
  ];

  test.each([0, 3])("at optimisation level %i", async (level) => {
    const expected = runAsJavaScript(COLLECTIONS, calls);
    expect(expected.length).toBeGreaterThan(10_000);
    expect(await runProgram(COLLECTIONS, calls, level)).toEqual(expected);
  });
});

/** A statement of a random function; numbers tell the places of what is said apart. */
type Part =
  | {
      readonly kind: "say" | "defer" | "break" | "continue" | "return" | "end";
      readonly id: number;
    }
  | { readonly kind: "block"; readonly body: readonly Part[] }
  | { readonly kind: "if"; readonly body: readonly Part[]; readonly otherwise: readonly Part[] }
  | {
      readonly kind: "loop";
      readonly form: number;
      readonly id: number;
      readonly body: readonly Part[];
    }
  | {
      readonly kind: "switch";
      readonly cases: readonly (readonly Part[])[];
      readonly stops: number;
    };

const id = fc.nat(999);
const { part } = fc.letrec<{ part: Part }>((tie) => {
  const inner = fc.array(tie("part"), { minLength: 1, maxLength: 4, size: "max" });
  const leaf = <K extends Part["kind"]>(...kinds: K[]): fc.Arbitrary<{ kind: K; id: number }> =>
    fc.record({ kind: fc.constantFrom(...kinds), id });
  return {
    part: fc.oneof(
      { maxDepth: 3 },
      leaf("say"),
      leaf("defer"),
      leaf("defer"),
      leaf("break", "continue", "return"),
      fc.record({ kind: fc.constant("block" as const), body: inner }),
      fc.record({ kind: fc.constant("if" as const), body: inner, otherwise: inner }),
      fc.record({ kind: fc.constant("loop" as const), form: fc.nat(3), id, body: inner }),
      fc.record({
        kind: fc.constant("switch" as const),
        cases: fc.array(inner, { minLength: 1, maxLength: 3 }),
        stops: fc.nat(7),
      }),
    ),
  };
});

/** Where a statement stands: what `break` and `continue` would leave. */
interface Place {
  readonly breaks: boolean;
  readonly continues: boolean;
}

const LOOPS = [
  (body: string) => `for (const item of [1, 2]) { say("item " + item.toString()); ${body} }`,
  (body: string, id: number) => `for (let i${id} = 0; i${id} < 2; i${id}++) { ${body} }`,
  (body: string, id: number) => `{ let i${id} = 0; while (i${id}++ < 2) { ${body} } }`,
  (body: string, id: number) =>
    `{ let i${id} = 0; do { ${body} } while (i${id}++ < 1 && next(3) > 0); }`,
];

/** Statements of a block; \`defer\` is try and finally where the dialect has no other. */
function write(parts: readonly Part[], javascript: boolean, place: Place): string {
  const [part, ...rest] = parts;
  if (!part) return "";
  const inner = (body: readonly Part[], where: Place = place): string =>
    write(body, javascript, where);
  const after = (): string => inner(rest);
  switch (part.kind) {
    case "say":
      return `say("${part.id}"); ${after()}`;
    case "defer":
      return javascript
        ? `try { ${after()} } finally { value(${part.id}); }`
        : `defer(value(${part.id})); ${after()}`;
    case "return":
      return `if (next(3) == 0) return value(${part.id}); ${after()}`;
    case "end":
      return `return value(${part.id});`;
    case "break":
      return `${place.breaks ? "if (next(3) == 0) break;" : ""} ${after()}`;
    case "continue":
      return `${place.continues ? "if (next(3) == 0) continue;" : ""} ${after()}`;
    case "block":
      return `{ ${inner(part.body)} } ${after()}`;
    case "if":
      return `if (next(2) == 0) { ${inner(part.body)} } else { ${inner(part.otherwise)} } ${after()}`;
    case "loop": {
      const body = inner(part.body, { breaks: true, continues: true });
      return `${LOOPS[part.form]?.(body, part.id) ?? ""} ${after()}`;
    }
    case "switch": {
      const cases = part.cases.map((body, index) => {
        const label = index === part.cases.length - 1 ? "default" : `case ${index}`;
        const stop = part.stops & (1 << index) ? "break;" : "";
        return `${label}: { ${inner(body, { ...place, breaks: true })} } ${stop}`;
      });
      return `switch (next(4)) { ${cases.join(" ")} } ${after()}`;
    }
  }
}

function program(bodies: readonly (readonly Part[])[], javascript: boolean): string {
  const functions = bodies.map(
    (parts, index) => `
function body${index}(): i32 {
  ${write([...parts, { kind: "end", id: 1000 }], javascript, { breaks: false, continues: false })}
}
export function run${index}(seed: i32): void {
  state = seed;
  say("= " + body${index}().toString());
}`,
  );
  return `${SEQUENCE}
function value(id: i32): i32 {
  say("value " + id.toString());
  return id;
}
${functions.join("\n")}`;
}

test("defer is evaluated where try and finally would be", async () => {
  const bodies = fc.sample(fc.array(part, { minLength: 4, maxLength: 7, size: "max" }), {
    numRuns: 400,
    seed: 7,
  });
  const calls = bodies.flatMap((_, index) => seeds(`run${index}`, 6));
  const expected = runAsJavaScript(program(bodies, true), calls);
  expect(expected.filter((line) => line.startsWith("value")).length).toBeGreaterThan(10_000);
  expect(await runProgram(program(bodies, false), calls)).toEqual(expected);
});
