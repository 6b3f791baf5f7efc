/**
 * What TypeScript has and the parser does not: it stumbles over the first word it cannot place, and says
 * only that. The place and the words around it tell what was meant.
 */
import type { Rule } from "./rule.js";

const NO_PROMISES =
  "Write a plain function: a call that waits, such as sleep() of @phantasm/fibre, suspends its fibre.";
const NO_GENERATORS =
  "Return an array, or write a class with a method that returns the next value.";
const PARTS = "Keep the whole in one variable and read its parts: const x = point.x;";
const CLASS_TYPE = "Write a class, or an interface for what several classes have.";
const LABELS = "Put the loops into a function of their own and return from it.";

/** Anything the parser says. */
const ANY = /^/;

export const SYNTAX_RULES: readonly Rule[] = [
  {
    message: ANY,
    at: /^async\b/,
    says: "There are no async functions",
    hint: NO_PROMISES,
  },
  { message: ANY, at: /^await\b/, says: "There is no await", hint: NO_PROMISES },
  { message: ANY, at: /^for\s+await\b/, says: "There is no for await", hint: NO_PROMISES },
  {
    message: ANY,
    before: /\bfunction\s*$/,
    at: /^\*/,
    says: "There are no generators",
    hint: NO_GENERATORS,
  },
  {
    message: ANY,
    before: /\?$/,
    at: /^\./,
    says: "There is no ?.",
    hint: "Keep the value in a const and test it: if (value != null) value.method();",
  },
  {
    message: ANY,
    before: /\?$/,
    at: /^\?=/,
    says: "There is no ??=",
    hint: "Write: if (a == null) a = b;",
  },
  {
    message: ANY,
    before: /\?$/,
    at: /^\?/,
    says: "There is no ??",
    hint: "Keep the value in a const and write: a != null ? a : b",
  },
  {
    message: ANY,
    before: /&&$/,
    at: /^=/,
    says: "There is no &&=",
    hint: "Write: if (a) a = b;",
  },
  {
    message: ANY,
    before: /\|\|$/,
    at: /^=/,
    says: "There is no ||=",
    hint: "Write: if (!a) a = b;",
  },
  {
    message: ANY,
    before: /\bfor\s*\(\s*$/,
    at: /^(?:const|let|var)\s*\{/,
    says: "A loop takes objects apart only as [key, value]",
    hint: "Write: for (const [key, value] of map), or read the fields in the loop.",
  },
  {
    message: ANY,
    before: /\bfor\s*\(\s*$/,
    at: /^(?:const|let|var)\s*\[/,
    says: "The pattern of a loop has names only, as [key, value]",
    hint: "Take the parts apart in the loop: const x = value.x;",
  },
  {
    message: ANY,
    at: /^(?:const|let|var)\s*[[{]/,
    says: "There is no destructuring outside of for…of",
    hint: PARTS,
  },
  {
    message: /^Identifier expected/,
    at: /^[(,]\s*[[{]/,
    says: "There is no destructuring of parameters",
    hint: "Take the whole as one parameter and read its parts: point.x",
  },
  {
    message: ANY,
    at: /^\{\s*\.\.\./,
    says: "There is no spread of objects",
    hint: "Write a method that copies the fields.",
  },
  {
    message: ANY,
    before: /\bfor\s*\(\s*(?:const|let|var)\s+$/,
    at: /^[\w$]+\s+in\b/,
    says: "There is no for…in: the names of fields are gone when an image runs",
    hint: "Use for…of: over the entries of a Map, or over an array.",
  },
  {
    message: ANY,
    before: /\bfor\s*\([^;)]*\bin\s+$/,
    says: "There is no for…in: the names of fields are gone when an image runs",
    hint: "Use for…of: over the entries of a Map, or over an array.",
  },
  {
    message: /^Invalid character/,
    at: /^#/,
    says: "There are no names with #",
    hint: "Write: private name",
  },
  {
    message: /^Expression expected/,
    before: /(?:^|[;{})\n])\s*[\w$]+\s*$/,
    at: /^:\s*(?:for|while|do|switch|if|\{)/,
    says: "There are no labels",
    hint: LABELS,
  },
  {
    message: /^Not implemented: union types/,
    at: /^undefined\b/,
    says: "There is no undefined",
    hint: "Write | null: a reference to an object can be null, a number cannot.",
  },
  {
    message: /^Not implemented: union types/,
    says: "A type is one type, or a class | null",
    hint: "Write a base class or an interface, or give each type a function of its own.",
  },
  {
    message: /^Function implementation is missing/,
    says: "A function has one signature",
    hint: "Give each its own name, or parameters with a value to start with.",
  },
  {
    message: /^Optional properties/,
    hint: "Write: name: Type | null = null, or give it a value to start with.",
  },
  {
    message: /^(?:Expression expected|Unexpected token)/,
    at: /^&/,
    says: "There are no intersection types",
    hint: CLASS_TYPE,
  },
  {
    message: /^Type expected/,
    at: /^(?:keyof|typeof|infer|unique|asserts)\b/,
    says: "Types are not computed from others",
    hint: "Name the type itself.",
  },
  { message: /^Type expected/, at: /^\{/, says: "A type has a name", hint: CLASS_TYPE },
  {
    message: /^Type expected/,
    at: /^\[/,
    says: "There are no tuples",
    hint: "Write a class with a field for each part.",
  },
  {
    message: /^Type expected/,
    at: /^async\b/,
    says: "There are no async functions",
    hint: NO_PROMISES,
  },
  {
    message: /^Type expected/,
    at: /^[gs]et\b/,
    says: "An interface declares accessors as fields",
    hint: "Write: name: Type; and a class may implement it with get name().",
  },
  {
    message: /^Type expected/,
    before: /\)\s*$/,
    hint: "A function says what it returns: function f(): void { … }",
  },
  {
    message: /^Type expected/,
    before: /[\w$]$/,
    hint: "A variable has a type or a value: let count: i32;",
  },
  {
    message: /^'key' expected/,
    says: "A member has a plain name",
    hint: "Give the method a name; for…of goes over arrays, strings, Map and Set.",
  },
  {
    message: /^Identifier expected/,
    at: /^\[/,
    says: "A member has a plain name",
    hint: "Write it without brackets.",
  },
  {
    message: /^Identifier expected/,
    at: /^static\s*\{/,
    says: "There are no static blocks",
    hint: "Give static fields their values where they are declared.",
  },
  {
    message: /^Identifier expected/,
    at: /^new\s*\.\s*target/,
    says: "There is no new.target",
    hint: "Override a method in the subclass.",
  },
  {
    message: ANY,
    at: /^\s*satisfies\b/,
    says: "There is no satisfies",
    hint: "Declare the type: const list: i32[] = [1, 2];",
  },
  {
    message: ANY,
    at: /^import\s*\(/,
    says: "There is no import at run time",
    hint: "Import it at the top of the file: an image is complete when it is built.",
  },
  { message: ANY, at: /^debugger\b/, says: "There is no debugger statement", hint: "Take it out." },
  { message: ANY, at: /^with\s*\(/, says: "There is no with", hint: "Keep the object in a const." },
  {
    message: /^'}' expected/,
    at: /^(?:get\s+|set\s+)?[\w$]+\s*\(/,
    says: "An object literal has values only",
    hint: "Put the method into its class.",
  },
  {
    message: /^An identifier or keyword cannot immediately follow/,
    at: /^n\b/,
    says: "There are no bigints",
    hint: "Write the number alone: i64 and u64 have 64 bits.",
  },
  {
    message: /^'declare' modifier/,
    at: /^declare\s+(?:global|module)\b/,
    says: "There is nothing to declare outside of an image",
    hint: "Export it from a file and import it where it is used.",
  },
];
