/** A process that has built before keeps parsed sources: what it builds then is what a fresh one would build. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { build } from "../../toolchain/dist/build.js";
import { diagnosticsOf, HELLO_CONFIGURATION, project } from "../support/project.js";

const COMMAND = fileURLToPath(new URL("../../toolchain/bin/phantasm.js", import.meta.url));

/** With what the toolchain rewrites: loops, patterns of loops, deferred calls. */
const LIST = `import { Console } from "@phantasm/interfaces/console";

export class List {
  constructor(readonly names: string[]) {}

  // @ts-ignore: decorator
  @inline
  private line(name: string, length: i32): string {
    return name + " " + length.toString();
  }

  print(console: Console): void {
    defer(console.writeLine("end"));
    for (const name of this.names) console.writeLine(name);
    const lengths = new Map<string, i32>();
    for (const name of this.names) lengths.set(name, name.length);
    for (const [name, length] of lengths) console.writeLine(this.line(name, length));
  }
}
`;
const MAIN = `import { Devices } from "./.phantasm/devices";
import { List } from "./list";

export function main(os: Devices): void {
  new List(["a", "bc"]).print(os.console);
}
`;

interface Files {
  readonly image: Uint8Array;
  readonly map: string;
}

function files(path: string): Files {
  return { image: readFileSync(path), map: readFileSync(`${path}.map`, "utf8") };
}

test("whatever was built before, the same sources give the same bytes", async () => {
  using made = project({
    "phantasm.config.ts": HELLO_CONFIGURATION,
    "main.ts": MAIN,
    "list.ts": LIST,
  });
  const { directory, write } = made;
  const built = async (): Promise<Files> =>
    files((await build({ directory, profile: "debug" })).path);
  const first = await built();
  expect(await built(), "nothing has changed").toEqual(first);

  // Only the pattern differs, and with it nothing that is left of it for the parser.
  write({ "list.ts": LIST.replace("[name, length] of", "[length, name] of") });
  expect(await diagnosticsOf(directory, build({ directory, profile: "debug" }))).toContain(
    "list.ts:",
  );
  write({ "list.ts": LIST.replace('"end"', '"the end"') });
  expect((await built()).image, "another text").not.toEqual(first.image);
  write({ "list.ts": LIST.replace("defer(", "if (true) defer(") });
  expect(await diagnosticsOf(directory, build({ directory, profile: "debug" }))).toContain(
    "defer stands outside of a block",
  );
  write({ "list.ts": LIST });
  expect(await built(), "as at first").toEqual(first);
  await build({ directory, profile: "size" });
  expect(await built(), "after another profile, which inlines otherwise").toEqual(first);
  const [one, two] = await Promise.all([built(), built()]);
  expect(one, "side by side").toEqual(two);

  // Names of files in the map are relative to the folder, and the image's name is the same.
  const elsewhere = join(directory, "elsewhere", "hello.debug.wasm");
  write({
    "phantasm.config.ts": HELLO_CONFIGURATION.replace("{ devices", '{ profile: "debug", devices'),
  });
  execFileSync(process.execPath, [COMMAND, "build", directory, "-o", elsewhere], {
    stdio: "ignore",
  });
  expect(files(elsewhere), "in a process of its own").toEqual(first);
});
