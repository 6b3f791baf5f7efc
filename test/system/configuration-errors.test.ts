/** A mistake in a configuration is reported at its line, with what was expected. */
import { expect, test } from "vitest";
import { build } from "../../toolchain/dist/build.js";
import { HELLO_MAIN, diagnosticsOf, project } from "../support/project.js";

const HEAD = `import { console } from "@phantasm/console";
import { boolean, device, integer, string, unikernel } from "phantasm";
const clock = () => device({ module: "./x.ts", class: "X", provides: "Clock" });
const log = (target) => device({ module: "./x.ts", class: "Log", provides: "Log",
  parameters: [{ name: "target", device: target, needs: "Console" }] });
const block = (name) => device({ module: "./x.ts", class: "Disk", provides: "Block",
  attachment: { type: "block", name }, parameters: [{ name: "handle", handle: true }] });
`;

/** Text of the configuration after HEAD, whose first line is line 8. */
async function report(text: string): Promise<string> {
  using made = project({ "phantasm.config.ts": HEAD + text, "main.ts": HELLO_MAIN });
  return await diagnosticsOf(made.directory, build({ directory: made.directory }));
}

test("a device of the wrong kind", async () => {
  expect(
    await report(`export default unikernel("a", {
  devices: {
    log: log(clock()),
  },
});`),
  )
    .toBe(`phantasm.config.ts:10:10: Log of ./x.ts: target must be a device that provides Console, got a device that provides Clock
      log: log(clock()),
           ^`);
});

test("a combinator that was not called", async () => {
  expect(
    await report(`export default unikernel("a", {
  devices: {
    terminal: console,
  },
});`),
  )
    .toBe(`phantasm.config.ts:10:5: device "terminal": expected a device such as console(), got the function console itself; call it: console()
      terminal: console,
      ^^^^^^^^`);
});

test("a missing argument of a combinator", async () => {
  expect(await report(`export default unikernel("a", { devices: { disk: block() } });`)).toBe(
    `phantasm.config.ts:8:50: block device: expected a name such as "disk" (lower case, digits, hyphens), got undefined
  export default unikernel("a", { devices: { disk: block() } });
                                                   ^`,
  );
});

test("two devices of one name", async () => {
  expect(
    await report(`export default unikernel("a", {
  devices: {
    first: block("disk"),
    second: block("disk"),
  },
});`),
  ).toBe(`phantasm.config.ts:11:13: two devices are named "disk"
      second: block("disk"),
              ^
  The other one is at phantasm.config.ts:10. Give one of them another name.`);
});

test("one name twice in the list of devices", async () => {
  expect(
    await report(`export default unikernel("a", { devices: { one: console(), one: console() } });`),
  ).toBe(`phantasm.config.ts:8:60: Duplicate key "one" in object literal
  export default unikernel("a", { devices: { one: console(), one: console() } });
                                                             ^^^`);
});

test("a default outside its limits", async () => {
  expect(
    await report(`export default unikernel("a", {
  arguments: { port: integer({ default: 99999, maximum: 65535 }) },
});`),
  ).toContain("phantasm.config.ts:9:22: integer: default 99999 is outside minimum");
});

test("required together with a default", async () => {
  expect(
    await report(
      `export default unikernel("a", { arguments: { who: string({ default: "me", required: true }) } });`,
    ),
  ).toContain("string: an argument with a default cannot be required");
});

test("an option that a module does not have", async () => {
  expect(
    await report(`export default unikernel("a", {
  devices: {
    terminal: console({ outputByte: 512 }),
  },
});`),
  )
    .toBe(`phantasm.config.ts:10:25: console: there is no option "outputByte"; did you mean outputBytes?
      terminal: console({ outputByte: 512 }),
                          ^^^^^^^^^^`);
});

test("an argument that looks like the negation of another", async () => {
  expect(
    await report(`export default unikernel("a", {
  arguments: { loud: boolean(), noLoud: boolean() },
});`),
  ).toContain('--no-loud would mean two things: the argument "no-loud", and "loud" being false');
});

test("a name that is not one", async () => {
  expect(await report(`export default unikernel("Not A Name");`)).toContain(
    `phantasm.config.ts:8:16: unikernel: the name must match`,
  );
});

test("a package that is not installed", async () => {
  expect(await report(`import "no-such-package";\nexport default unikernel("a");`)).toContain(
    `phantasm.config.ts:8:8: package "no-such-package" is not installed; run: npm install no-such-package`,
  );
});

test("a syntax error", async () => {
  expect(await report(`export default unikernel("a", { devices: `)).toContain(
    "phantasm.config.ts:8:42: Unexpected end of file",
  );
});

test("an exception of the configuration's own", async () => {
  expect(await report(`\nnull.field;\nexport default unikernel("a");`)).toContain(
    "phantasm.config.ts:9:6: TypeError: Cannot read properties of null",
  );
});

test("no default export", async () => {
  expect(await report(`export const a = unikernel("a");`)).toContain(
    `phantasm.config.ts: the default export must be unikernel("name", { … }), got undefined`,
  );
});

test("less memory than the devices take", async () => {
  expect(
    await report(`import { ramDisk } from "@phantasm/block";
export default unikernel("a", {
  memory: { maximum: "8M" },
  devices: { scratch: ramDisk({ bytes: 16 * 1024 ** 2 }) },
});`),
  )
    .toBe(`phantasm.config.ts:9:16: memory.maximum is 8M, and its devices take 16M of it for themselves: RamDisk 16M
  export default unikernel("a", {
                 ^
  Leave it out, and it is 16M beside what the devices take; or give the devices less.`);
});

test("an entry that does not exist", async () => {
  expect(await report(`export default unikernel("a", { entry: "./other.ts" });`)).toContain(
    "phantasm.config.ts:8:16: the entry ./other.ts does not exist",
  );
});

test.each([
  [
    "a typing error in an option",
    `unikernel("a", { device: {} })`,
    `8:33: unikernel: there is no option "device"; did you mean devices?`,
  ],
  [
    "in the limits of memory",
    `unikernel("a", { memory: { max: "1M" } })`,
    `8:43: memory: there is no option "max"; the options are minimum, maximum`,
  ],
  [
    "a list of devices",
    `unikernel("a", { devices: [console()] })`,
    "8:16: devices: expected an object, got an array",
  ],
  [
    "a word of the language",
    `unikernel("a", { devices: { class: console() } })`,
    `8:44: device "class": the name is a word of the language`,
  ],
  [
    "an argument that hides the help",
    `unikernel("a", { arguments: { help: string() } })`,
    `8:46: argument "help": --help prints`,
  ],
  [
    "an entry elsewhere",
    `unikernel("a", { entry: "../other/main.ts" })`,
    `8:33: unikernel: entry must be a file below the configuration`,
  ],
  [
    "text in the place of a number",
    `unikernel("a", { devices: { console: console({ outputBytes: "4K" }) } })`,
    `outputBytes must be a whole number from 256 to 1048576, got "4K"`,
  ],
])("%s", async (_, text, message) => {
  expect(await report(`export default ${text};`)).toContain(
    message.startsWith("8:") ? `phantasm.config.ts:${message}` : message,
  );
});

test.each([
  ["a class that is not there", `class: "Y"`, "Module 'x' has no exported member 'Y'."],
  ["parameters that do not fit", `class: "X", parameters: []`, "Expected 1 arguments, but got 0."],
  [
    "a constant of the wrong type",
    `class: "X", parameters: [{ name: "a", value: "no" }]`,
    "Type 'string' is not assignable to type 'i32'.",
  ],
  [
    "an interface that it lacks",
    `class: "X", parameters: [{ name: "a", value: 1 }]`,
    "Type 'X' is not assignable to type 'Console'.",
  ],
])("what the compiler finds in generated code, at the device: %s", async (_, options, message) => {
  using made = project({
    "phantasm.config.ts": `import { device, unikernel } from "phantasm";
const x = () => device({ module: "./x.ts", provides: "Console", ${options} });
export default unikernel("a", {
  devices: { console: x() },
});`,
    "x.ts": "export class X { constructor(a: i32) {} }",
    "main.ts": HELLO_MAIN,
  });
  expect(await diagnosticsOf(made.directory, build({ directory: made.directory }))).toBe(
    `phantasm.config.ts:4:23: ${message}
    devices: { console: x() },
                        ^`,
  );
});

test("no configuration at all", async () => {
  using made = project({});
  expect(await diagnosticsOf(made.directory, build({ directory: made.directory }))).toContain(
    "no phantasm.config.ts in",
  );
});
