import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { transcript } from "./memory-terminal.js";
import { TEMPLATES } from "./templates.js";

const TEMPLATE_FOLDER = resolve(import.meta.dirname, "../../templates");

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "phantasm-new-"));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

test("without a template it lists them", async () => {
  const { status, out, err } = await transcript("new");
  expect(status).toBe(0);
  expect(err).toBe("\nMake a project:  phantasm new hello my-app\n");
  expect(out.split("\n")[0]).toBe("Templates");
  const listed = out.split("\n").slice(1, -1);
  expect(listed.map((line) => line.trim().split(/\s+/)[0])).toEqual(
    TEMPLATES.map(({ name }) => name),
  );
});

test("the list of templates is the list of folders", () => {
  expect(TEMPLATES.map(({ name }) => name).sort()).toEqual(readdirSync(TEMPLATE_FOLDER).sort());
});

test("the template of the store is the example, but for what its README says", () => {
  const example = resolve(TEMPLATE_FOLDER, "../../examples/store");
  for (const name of ["main.ts", "phantasm.config.ts"])
    expect(readFileSync(join(TEMPLATE_FOLDER, "store", name), "utf8"), name).toBe(
      readFileSync(join(example, name), "utf8"),
    );
});

test("makes a project under its own name", async () => {
  const target = join(folder, "greeter");
  expect(await transcript("new", "hello", target)).toEqual({
    status: 0,
    out: `Made ${target} from the template hello:
  phantasm.config.ts
  main.ts
  README.md
  package.json
  tsconfig.json
  .gitignore
`,
    err: `\nBuild and boot it:  phantasm run ${target}\n`,
  });
  const read = (name: string): string => readFileSync(join(target, name), "utf8");
  expect(read("phantasm.config.ts")).toContain('unikernel("greeter", {');
  expect(read("README.md")).toMatch(/^# greeter\n/);
  expect(read(".gitignore").split("\n")).toContain("*.key");
  const { name, dependencies } = JSON.parse(read("package.json")) as {
    name: string;
    dependencies: Record<string, string>;
  };
  expect(name).toBe("greeter");
  // A clone has no registry to install from: the packages are where they are.
  for (const [dependency, where] of Object.entries(dependencies)) {
    expect(where).toMatch(/^file:\.\.\//);
    const manifest = join(target, where.slice("file:".length), "package.json");
    expect(JSON.parse(readFileSync(manifest, "utf8"))).toMatchObject({ name: dependency });
  }
  expect(Object.keys(dependencies)).toEqual(["@phantasm/console", "phantasm"]);
});

test.each(TEMPLATES)("template $name names its image after itself", ({ name }) => {
  const read = (file: string): string => readFileSync(join(TEMPLATE_FOLDER, name, file), "utf8");
  expect(read("phantasm.config.ts")).toContain(`unikernel("${name}"`);
  expect(read("README.md")).toMatch(new RegExp(`^# ${name}\n`));
});

test("an empty folder is taken, one with something in it is left alone", async () => {
  const empty = join(folder, "empty");
  mkdirSync(empty);
  expect((await transcript("new", "console", empty)).status).toBe(0);
  const full = join(folder, "full");
  mkdirSync(full);
  writeFileSync(join(full, "mine"), "");
  expect(await transcript("new", "console", full)).toEqual({
    status: 1,
    out: "",
    err: `phantasm: ${full} is not empty\n  Name another folder; nothing was written.\n`,
  });
  expect(readdirSync(full)).toEqual(["mine"]);
});

test("a file in the way is an error of one line", async () => {
  const file = join(folder, "file");
  writeFileSync(file, "");
  expect(await transcript("new", "hello", file)).toEqual({
    status: 1,
    out: "",
    err: `phantasm: ${file}: a part of the path is not a directory\n`,
  });
});
