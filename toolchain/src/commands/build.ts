/** `phantasm build`. */
import { resolve } from "node:path";
import { impliedHypercalls, type Manifest } from "@phantasm/seal";
import type { BuildOptions, BuildResult, BuildStage } from "../build.js";
import { shown } from "./files.js";
import { bootCommand } from "./next.js";
import { Packages } from "../packages.js";
import type { Invocation } from "./parse.js";
import { showProgress, STAGES } from "./progress.js";
import { projectFolder } from "./target.js";
import type { Style, Terminal } from "./terminal.js";
import { card, formatBytes, formatMilliseconds, formatPages } from "./text.js";

/** Names of functions on the card. */
const SUSPENDING_SHOWN = 8;

interface Built {
  readonly result: BuildResult;
  readonly time: string;
  /** What each stage took, in the order in which they began. */
  readonly stages: ReadonlyMap<BuildStage, number>;
}

/**
 * Builds with a progress line and prints warnings.
 *
 * @returns what was built, and how long that took
 * @throws BuildError
 */
export async function buildProject(
  options: Omit<BuildOptions, "onStage">,
  terminal: Terminal,
): Promise<Built> {
  const start = performance.now();
  const progress = showProgress(terminal);
  const stages = new Map<BuildStage, number>();
  let [current, since]: [BuildStage, number] = ["configuration", start];
  const enter = (next: BuildStage): void => {
    const now = performance.now();
    stages.set(current, (stages.get(current) ?? 0) + now - since);
    [current, since] = [next, now];
  };
  let result: BuildResult;
  try {
    const { build: buildImage } = await import("../build.js");
    result = await buildImage({
      ...options,
      onStage: (stage) => {
        enter(stage);
        progress.stage(stage);
      },
    });
    enter("write");
  } finally {
    progress.clear();
  }
  const { formatDiagnostic } = await import("../diagnostics.js");
  for (const warning of result.warnings) {
    const message = `warning: ${warning.message}`;
    terminal.say(`${formatDiagnostic({ ...warning, message })}\n`);
  }
  return { result, time: formatMilliseconds(performance.now() - start), stages };
}

/** `buildProject` on the way to something else: one line says what was built. */
export async function buildInPassing(
  directory: string,
  terminal: Terminal,
  more: Pick<BuildOptions, "profile" | "onDeclared"> = {},
): Promise<BuildResult> {
  const options = { directory, ...more };
  const { result, time } = await buildProject(options, terminal);
  const { path, image } = result;
  const profile = more.profile === undefined ? "" : `, profile ${more.profile}`;
  terminal.say(`Built ${shown(path)} (${formatBytes(image.length)}${profile}) in ${time}.\n`);
  return result;
}

/** `phantasm build [DIR] [-o FILE] [--timings]`. */
export async function build(invocation: Invocation, terminal: Terminal): Promise<number> {
  const [given = "."] = invocation.operands;
  const directory = projectFolder(given, terminal.program);
  const output = invocation.value("output");
  const { result, time, stages } = await buildProject(
    { directory, ...(output === undefined ? {} : { output: resolve(output) }) },
    terminal,
  );
  terminal.out(summary(result, directory, terminal.outStyle));
  const next = output === undefined ? directory : result.path;
  const timings = [...stages].map(
    ([stage, milliseconds]) => [STAGES[stage], formatMilliseconds(milliseconds)] as const,
  );
  terminal.say(
    `\nBuilt in ${time}.\n${invocation.flag("timings") ? card(timings) : ""}Boot it:  ${bootCommand(terminal.program, shown(next), result.manifest)}\n`,
  );
  return 0;
}

/** The card a build ends with. */
function summary(result: BuildResult, directory: string, style: Style): string {
  const { image, path, digest, manifest } = result;
  const { memory, devices, data = [] } = manifest;
  const width = Math.max(0, ...[...manifest.modules, ...data].map(({ name }) => name.length));
  const sizes = data.map(
    ({ name, bytes }) => `${name.padEnd(width)}  ${formatBytes(bytes).padStart(8)}`,
  );
  const modules = [...manifest.modules]
    .sort((a, b) => b.bytes - a.bytes || (a.name < b.name ? -1 : 1))
    .map(({ name, bytes }) => `${name.padEnd(width)}  ${formatBytes(bytes).padStart(8)}`);
  return card([
    ["image", style.bold(shown(path))],
    ["size", formatBytes(image.length)],
    ["digest", digest],
    ["modules", modules.join("\n")],
    ...(sizes.length === 0 ? [] : [["data", sizes.join("\n")] as const]),
    ["memory", `${formatPages(memory.minimum)} to ${formatPages(memory.maximum)}`],
    ["devices", devices.map(({ name, type }) => `${name} (${type})`).join(", ") || "none"],
    ["hypercalls", hypercallUsers(manifest, directory).join("\n")],
    ...(result.suspending === null
      ? []
      : [["may wait", suspendingFunctions(result.suspending, manifest.name)] as [string, string]]),
  ]);
}

/** The application's functions that were rewritten so that they can wait, and how many others were. */
function suspendingFunctions(names: readonly string[], application: string): string {
  const own = names.filter((name) => !name.startsWith("~lib/") && !name.startsWith(".phantasm/"));
  const stubs = /@override$/;
  const named = own.filter((name) => !stubs.test(name)).map((name) => name.replace(/^.*\//, ""));
  const shownNames = named.slice(0, SUSPENDING_SHOWN).join(", ");
  const rest = named.length - SUSPENDING_SHOWN;
  return [
    `${shownNames || `nothing of ${application} by itself`}${rest > 0 ? `, and ${rest} more` : ""}`,
    `${names.length} functions in all are rewritten for it`,
  ].join("\n");
}

/** The modules that talk to the host, and what they may call of what this image imports. */
function hypercallUsers(manifest: Manifest, directory: string): string[] {
  const packages = new Packages(directory);
  const imported = new Set<string>(impliedHypercalls(manifest).map(({ name }) => name));
  return manifest.modules.flatMap(({ name }) => {
    const declared = name === manifest.name ? undefined : packages.find(name)?.module.hypercalls;
    const used = (declared ?? []).filter((call) => imported.has(call));
    return used.length > 0 ? [`${name}: ${used.join(", ")}`] : [];
  });
}
