/** What TypeScript and its libraries have, as the compiler misses it when it knows the types. */
import { NO_THIRD_PART, NOT_ITERABLE } from "./loops.js";
import type { Rule } from "./rule.js";

const CLOSURES =
  "Pass it as a parameter, or write a class with fields and a method: only constants can be used.";
const WAITING = "A call that waits, such as sleep() of @phantasm/fibre, suspends its fibre.";
const DEVICES = "Use a device of the configuration: an image has no other way out.";
const MAPS = "Use a Map: fields of a class cannot be listed or chosen when the image runs.";
const NAMED_TYPE = "Name the type, or write a generic function: function f<T>(value: T): T";

/** What to use in the place of a global that there is not. */
export const GLOBALS: Readonly<Record<string, string>> = {
  undefined: "Use null, for a class | null; ask map.has(key) before map.get(key).",
  any: NAMED_TYPE,
  unknown: NAMED_TYPE,
  never: "A function that does not return has the type void.",
  object: "Name the class or the interface.",
  bigint: "Use i64 or u64.",
  Promise: WAITING,
  PromiseLike: WAITING,
  setTimeout: "Use os.clock.after(ns, handler), or sleep(ns) of @phantasm/fibre.",
  setInterval: "Use os.clock.every(ns, handler), or sleep(ns) of @phantasm/fibre in a loop.",
  setImmediate: "Use yieldNow() of @phantasm/fibre.",
  queueMicrotask: "Use spawn() of @phantasm/fibre.",
  Record: MAPS,
  Partial: "Write a class whose fields may be null.",
  Pick: "Write a class with the fields that are wanted.",
  Omit: "Write a class with the fields that are wanted.",
  Readonly: "Make the fields readonly.",
  ReadonlyArray: "Write T[].",
  ReadonlyMap: "Write Map<K, V>.",
  ReadonlySet: "Write Set<T>.",
  WeakMap: "Use a Map, and delete what is not needed any more.",
  WeakSet: "Use a Set, and delete what is not needed any more.",
  BigInt: "Use i64 or u64.",
  JSON: "Write and read the text with methods of your classes.",
  Intl: "Write the text with toString() and padStart().",
  Proxy: "Write a class that holds the object.",
  Reflect: MAPS,
  globalThis: "Export it from a file and import it where it is used.",
  structuredClone: "Write a method that copies the fields.",
  TextEncoder: "Use String.UTF8.encode(text).",
  TextDecoder: "Use String.UTF8.decode(buffer).",
  Buffer: "Use Uint8Array.",
  require: 'Write: import { name } from "module";',
  module: "Write: export before what is exported.",
  exports: "Write: export before what is exported.",
  arguments: "Take the rest as a parameter: function f(...values: i32[]): void",
  fetch: DEVICES,
  window: DEVICES,
  document: DEVICES,
  delete: "Set the field to null, or use a Map and map.delete(key).",
};

export const TYPE_RULES: readonly Rule[] = [
  {
    message: new RegExp(`^Property '${NOT_ITERABLE}' does not exist on type '(.*)'`),
    says: "Type '$1' cannot be looped over",
    hint: "for…of goes over arrays, typed arrays, strings, Map and Set.",
  },
  {
    message: new RegExp(`^Property '${NO_THIRD_PART}'`),
    says: "An entry has two parts: [key, value]",
    hint: "Take the others out.",
  },
  {
    message: /^Not implemented: Closures/,
    says: "A function cannot use the variables around it",
    hint: CLOSURES,
  },
  {
    message: /^Property '([^']*)' does not exist on type '[^']*#[^']*'/,
    says: "this is not the object inside of a function: there is no '$1'",
    hint: "Pass the object as a parameter, or write a class with fields and a method.",
  },
  {
    message: /^Not implemented: Exceptions/,
    says: "There is no try and catch",
    hint: "Return a result, such as a negative error; what throws ends the domain. For cleaning up: defer(…).",
  },
  {
    message: /^Not implemented: Regular expressions/,
    says: "There are no regular expressions",
    hint: "Use indexOf, startsWith, split and charCodeAt.",
  },
  {
    message: /^Not implemented: (?:Break|Continue) label/,
    says: "There are no labels",
    hint: "Put the loops into a function of their own and return from it.",
  },
  {
    message: /^Not implemented: Interface hidden classes/,
    says: "An object literal is of a class, not of an interface",
    hint: "Make it a class with these fields.",
  },
  {
    message: /^Not implemented: Block-scoped class/,
    says: "A class stands at the top of a file",
    hint: "Move it out of the function and give it what it needs as parameters.",
    echoes: /^Cannot find name/,
  },
  {
    message: /^Not implemented: Const assertion/,
    says: "There is no as const",
    hint: "Leave it out, or declare the type: StaticArray<i32> does not change its length.",
  },
  { message: /^Not implemented: 'in' operator/, says: "There is no operator in", hint: MAPS },
  {
    message: /^Not implemented: Tagged template literals/,
    says: "There are no tagged templates",
    hint: "Call the function with the text.",
    echoes: /^Cannot find name/,
  },
  {
    message: /^Type '<object>' is not assignable to type 'auto'/,
    says: "An object literal has no class",
    hint: "Write a class with these fields and name it: const p: Point = { x: 1, y: 2 };",
  },
  {
    message: /^Cannot assign to '[^']*Array<.*>' because it is a constant/,
    at: /^\[/,
    says: "There is no destructuring outside of for…of",
    hint: "Assign one by one.",
  },
  {
    message: /^Type '(\S+)' cannot be nullable/,
    says: "'$1' cannot be null: only a reference to an object can",
    hint: "Use a value that stands for none, such as -1, or ask a bool first.",
  },
  {
    message: /^Type '(.+) \| null' is not assignable to type '\1'/,
    hint: "Keep it in a const and test that: if (value != null) …; where it is never null: value!",
  },
  {
    message: /^Type '\S+' is not assignable to type '(?:~lib\/string\/String)'/,
    hint: "Write value.toString(), or a template: `${value}`",
  },
  {
    message: /^Type '(?:~lib\/string\/String)' is not assignable to type 'i32'/,
    before: /\benum\b[^}]*$/,
    says: "The values of an enum are integers",
    hint: 'Write constants in a namespace: export const X = "x";',
  },
  {
    message: /^Conversion from type '\w+' to '(\w+)' requires an explicit cast/,
    at: /^-?[\d.]\w*\.?\w*\s*[;,)\]}]/,
    says: "The number does not fit into '$1'",
    hint: "Choose a wider type, or cast: <type>value cuts off what does not fit.",
  },
  {
    message: /^Conversion from type '\w+' to '\w+' requires an explicit cast/,
    hint: "Write <type>value or value as type; what does not fit is cut off.",
  },
  {
    message: /^Operator '[^']+' cannot be applied to types '\w+' and '\w+'/,
    hint: "Cast one to the type of the other: <i32>value",
  },
  {
    message: /^Optional parameter must have an initializer/,
    hint: "Give the parameter a value for when it is left out: count: i32 = 0",
  },
  {
    message: /^Type expected/,
    hint: "A parameter has a type: function f(count: i32): void { … }",
  },
  {
    message: /^Type argument expected/,
    hint: "The compiler cannot tell the type: write it, as in list.map<string>(…)",
    echoes: /'auto'/,
  },
  {
    message: /^Expected 0 arguments, but got 1/,
    at: /^new\s+Map\b/,
    says: "A Map starts empty",
    hint: "Call set for each entry: map.set(key, value)",
  },
  {
    message: /^Expected 0 arguments, but got 1/,
    at: /^new\s+Set\b/,
    says: "A Set starts empty",
    hint: "Call add for each value: set.add(value)",
  },
  {
    message:
      /^Property '(?:keys|values|entries|assign|fromEntries|freeze)' does not exist on type '~lib\/object\/Object'/,
    says: "Objects are not dictionaries",
    hint: MAPS,
  },
  {
    message: /^Property 'from' does not exist on type '~lib\/array\/Array'/,
    says: "There is no Array.from",
    hint: "For a Set or Map: set.values(), map.keys(); otherwise push in a loop.",
  },
  {
    message: /^Property 'toFixed' does not exist/,
    hint: "Round first: (Math.round(value * 100) / 100).toString()",
  },
  {
    message: /^Property '[^']*' has no initializer/,
    hint: "Give it a value where it is declared or in the constructor, or make it | null.",
  },
  {
    message: /^Property '\w+' is missing in type '<object>'/,
    hint: "Give it a value here, or one to start with in the class.",
  },
  {
    message: /^Module '(?:~lib\/)?([^']+)' has no exported member 'default'/,
    says: "Module '$1' has no default export",
    hint: "Write: import { name } from …",
  },
  {
    message: /^Cannot find name 'using'/,
    says: "There is no using",
    hint: "Write: const file = …; defer(file.close());",
    echoes: /^Cannot find name/,
  },
  ...Object.entries(GLOBALS).map(([name, hint]): Rule => ({
    message: new RegExp(`^Cannot find name '${name}'`),
    says: `There is no ${name}`,
    hint,
  })),
];
