/** The commands that the documentation shows: each is one, and its project has what it names. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import type { Manifest } from "@phantasm/seal";
import {
  parseBlockOption,
  parseEgressOption,
  parseNetOption,
  parsePublishOption,
} from "../../packages/host/dist/backends/options.js";
import { parseArguments } from "../../packages/host/dist/arguments/parse.js";
import { nameDevices } from "../../packages/host/dist/isolated/devices.js";
import { prepare } from "../../toolchain/dist/build.js";
import { COMMANDS } from "../../toolchain/dist/commands/definitions.js";
import { parseInvocation, type Invocation } from "../../toolchain/dist/commands/parse.js";
import { TEMPLATES } from "../../toolchain/dist/commands/templates.js";
import { declaredManifest } from "../../toolchain/dist/link/manifest.js";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
/** It needs a package of its own before it is one. */
const INSTALLED = ["examples/third-party"];
/** Commands whose operand is a project. */
const OF_PROJECTS = ["build", "describe", "dev", "inspect", "run"];

function pages(): readonly string[] {
  const within = (folder: string): string[] =>
    readdirSync(join(ROOT, folder)).map((name) => join(folder, name));
  return [
    "README.md",
    ...within("docs"),
    ...within("docs/reference"),
    ...within("examples").map((folder) => join(folder, "README.md")),
    ...within("toolchain/templates").map((folder) => join(folder, "README.md")),
  ].filter((path) => path.endsWith(".md") && existsSync(join(ROOT, path)));
}

/** Words of the commands that a page shows, in blocks of code and in text, without `npx phantasm`. */
function commandsOf(page: string): readonly (readonly string[])[] {
  let isFenced = false;
  return readFileSync(join(ROOT, page), "utf8")
    .split("\n")
    .flatMap((line) => {
      if (line.startsWith("```")) isFenced = !isFenced;
      const isCode = isFenced || line.startsWith("    ");
      const shown = line.matchAll(
        isCode ? /\bnpx phantasm ([^|]*)/g : /`[^`]*\bnpx phantasm ([a-z][^`|]*)`/g,
      );
      // What stands behind a gap is not typed.
      return [...shown].map(([, text = ""]) => text.split(/ {2,}| #/)[0] ?? "");
    })
    .map((text) => text.split(" ").filter((word) => word !== ""));
}

async function parsed(words: readonly string[]): Promise<Invocation> {
  const [first = "", second = ""] = words;
  const two = COMMANDS.find(({ name }) => name === `${first} ${second}`);
  const definition = two ?? COMMANDS.find(({ name }) => name === first);
  if (definition === undefined) throw new Error(`there is no command ${first}`);
  return parseInvocation(definition, words.slice(two ? 2 : 1), "phantasm");
}

const manifests = new Map<string, Promise<Manifest>>();

/** What a project declares. */
function declared(folder: string): Promise<Manifest> {
  const known = manifests.get(folder) ?? read(folder);
  manifests.set(folder, known);
  return known;
}

async function read(folder: string): Promise<Manifest> {
  const { configuration, graph } = await prepare(join(ROOT, folder));
  return declaredManifest(configuration.unikernel.name, graph) as Manifest;
}

/** Throws what `phantasm run` would say before it boots. */
async function checkRun(invocation: Invocation, folder: string): Promise<void> {
  const manifest = await declared(folder);
  const read = <T>(name: string, parse: (text: string) => T): T[] =>
    invocation.values(name).map(parse);
  nameDevices(manifest, {
    net: read("net", parseNetOption),
    block: read("block", parseBlockOption),
    publish: read("publish", parsePublishOption),
    egress: read("egress", parseEgressOption),
    pcap: [],
    netTrace: [],
    impair: [],
    blockFaults: [],
    blockLog: [],
  });
  parseArguments(manifest, invocation.words);
}

describe.each(pages().filter((page) => commandsOf(page).length > 0))("%s", (page) => {
  test.each(commandsOf(page).map((words) => [words.join(" "), words] as const))(
    "phantasm %s",
    async (_, words) => {
      const invocation = await parsed(words);
      const { name } = invocation.definition;
      const [operand] = invocation.operands;
      if (name === "new" && operand !== undefined)
        expect(TEMPLATES.map((template) => template.name)).toContain(operand);
      const isTemplate = dirname(page).startsWith("toolchain/templates/");
      const folder = operand ?? (isTemplate ? dirname(page) : undefined);
      if (!folder?.startsWith("examples/") && !isTemplate) return;
      if (folder === undefined || INSTALLED.includes(folder) || !OF_PROJECTS.includes(name)) return;
      expect(existsSync(join(ROOT, folder, "phantasm.config.ts")), folder).toBe(true);
      if (name === "run" && invocation.help === "none") await checkRun(invocation, folder);
    },
  );
});

test("the gallery shows every example that is also a template of a server", () => {
  const gallery = readFileSync(join(ROOT, "docs/gallery.md"), "utf8");
  const servers = TEMPLATES.filter(({ ask }) => ask !== undefined).map(({ name }) => name);
  for (const name of servers.filter((one) => existsSync(join(ROOT, "examples", one))))
    expect(gallery).toContain(`npx phantasm run examples/${name} `);
});
