/** From a folder with a configuration to a sealed image beside its side files. */
import { existsSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import {
  encodeNames,
  readFunctionNames,
  sealImage,
  verifyImage,
  type Manifest,
} from "@phantasm/seal";
import type { MemoryPages, Profile, Unikernel } from "./configuration/unikernel.js";
import type { Compiled } from "./compile/compile.js";
import { loadConfiguration, type Configuration } from "./configuration/load.js";
import { makeData, type DeviceData } from "./data.js";
import { BuildError, type Diagnostic } from "./diagnostics.js";
import { writeAtomically, writeIfChanged } from "./files.js";
import {
  constructorName,
  DEVICES_PATH,
  ENTRY_PATH,
  generateDevices,
  generateEntry,
  nodeBehind,
} from "./generate.js";
import { deviceGraph, reachedGraph, type Graph } from "./graph.js";
import { coreImage, type CoreImage } from "./link/core.js";
import { declaredManifest, imageManifest, type Declared } from "./link/manifest.js";
import { linkedModules } from "./link/modules.js";
import { ModuleSourceMap } from "./link/relocation.js";
import { packageName, Packages, readPackage, toolchainVersion } from "./packages.js";
import { readStamp, stampHolds, writeStamp } from "./stamp.js";
import { writeEditorFiles } from "./editor.js";

const PAGE_BYTES = 65_536;
const PAGES_MAX = 65_536;

/** What a long build is doing, for a progress line. */
export type BuildStage = "configuration" | "compile" | "link" | "verify";

export interface BuildOptions {
  /** Folder that holds phantasm.config.ts. */
  readonly directory: string;
  /** Where the image goes; default `dist/NAME.wasm` in the folder. */
  readonly output?: string;
  readonly onStage?: (stage: BuildStage) => void;
  /** Told what the image will declare before it is compiled; whatever it throws ends the build. */
  readonly onDeclared?: (declared: Declared) => Promise<void>;
  /** In the place of the configuration's; the image then goes to `.phantasm/NAME.PROFILE.wasm`. */
  readonly profile?: Profile;
}

export interface BuildResult {
  readonly image: Uint8Array;
  /** Absolute path of the image; `.map` and `.names` lie beside it. */
  readonly path: string;
  /** `sha256:…` over what the seal covers. */
  readonly digest: string;
  readonly manifest: Manifest;
  readonly graph: Graph;
  /** Names of the functions that can suspend; null: the image has no fibres. */
  readonly suspending: readonly string[] | null;
  /** Top-level code has run while the image was built: at a boot it is done already. */
  readonly frozen: boolean;
  readonly warnings: readonly Diagnostic[];
  /** Absolute paths whose change asks for another build. */
  readonly inputs: readonly string[];
}

/** A configuration that has been evaluated, and its graph. */
export interface Prepared {
  readonly configuration: Configuration;
  readonly graph: Graph;
  readonly packages: Packages;
}

/** Evaluates the configuration and writes what an editor needs to `.phantasm/`; compiles nothing. */
export async function prepare(directory: string): Promise<Prepared> {
  const project = resolve(directory);
  const packages = new Packages(project);
  const configuration = await loadConfiguration(project, packages);
  const graph = deviceGraph(configuration);
  const { entry } = configuration.unikernel;
  if (!existsSync(join(project, entry)))
    throw new BuildError([
      {
        ...configuration.diagnose(
          `the entry ${entry} does not exist`,
          configuration.unikernel.location,
        ),
        hint: "It is the AssemblyScript file that exports main; the path is relative to the configuration.",
      },
    ]);
  checkMemory(configuration, graph);
  for (const [name, text] of generatedSources(configuration, graph))
    writeIfChanged(join(project, name), text);
  writeEditorFiles(
    project,
    packages,
    graph.nodes
      .map(({ device }) => device.module)
      .filter((name) => !name.startsWith("."))
      .map(packageName),
  );
  return { configuration, graph, packages };
}

function generatedSources(
  { unikernel }: Configuration,
  graph: Graph,
  fibres = true,
): Map<string, string> {
  return new Map([
    [`${DEVICES_PATH}.ts`, generateDevices(graph)],
    [`${ENTRY_PATH}.ts`, generateEntry(unikernel.entry, fibres)],
  ]);
}

/** Compiles, and again with a plain `main` if nothing in the image waits although it could. */
async function compileGraph(
  prepared: Prepared,
  graph: Graph,
  data: readonly DeviceData[],
  profile: Profile,
): Promise<Compiled> {
  const compiled = await compileOnce(prepared, graph, data, profile, true);
  if (!compiled.fibreMain || (compiled.suspending ?? []).length > 0) return compiled;
  return compileOnce(prepared, graph, data, profile, false);
}

/** Bytes that the devices take for good. */
function reservedBytes(graph: Graph): number {
  return graph.nodes.reduce((sum, { device: { memoryBytes = 0 } }) => sum + memoryBytes, 0);
}

/** Refuses a limit of memory that the devices alone would fill. */
function checkMemory({ unikernel, diagnose }: Configuration, graph: Graph): void {
  const { memory, location } = unikernel;
  const reserved = reservedBytes(graph);
  if (!memory.maximumGiven || reserved < memory.maximumPages * PAGE_BYTES) return;
  const mebibytes = (bytes: number): string => `${Math.ceil(bytes / 2 ** 20)}M`;
  const takers = graph.nodes
    .filter(({ device: { memoryBytes = 0 } }) => memoryBytes > 0)
    .map(({ device }) => `${device.class} ${mebibytes(device.memoryBytes ?? 0)}`);
  throw new BuildError([
    {
      ...diagnose(
        `memory.maximum is ${mebibytes(memory.maximumPages * PAGE_BYTES)}, and its devices take ${mebibytes(reserved)} of it for themselves: ${takers.join(", ")}`,
        location,
      ),
      hint: "Leave it out, and it is 16M beside what the devices take; or give the devices less.",
    },
  ]);
}

/** The limits of memory. What is not said in the configuration is so much beside what devices have and take. */
function memoryPages(
  { memory }: Unikernel,
  graph: Graph,
  data: readonly DeviceData[],
): MemoryPages {
  if (memory.maximumGiven) return memory;
  const bytes = data.reduce((sum, { bytes: { length } }) => sum + length, reservedBytes(graph));
  const maximumPages = memory.maximumPages + Math.ceil(bytes / PAGE_BYTES);
  return { ...memory, maximumPages: Math.min(maximumPages, PAGES_MAX) };
}

async function compileOnce(
  prepared: Prepared,
  graph: Graph,
  data: readonly DeviceData[],
  profile: Profile,
  fibres: boolean,
): Promise<Compiled> {
  const { configuration, packages } = prepared;
  const { unikernel, directory } = configuration;
  const { compile } = await import("./compile/compile.js");
  const sources = generatedSources(configuration, graph, fibres);
  return compile({
    project: directory,
    packages,
    main: unikernel.entry,
    generated: sources,
    profile,
    memory: memoryPages(unikernel, graph, data),
    data,
    capabilities: graph.attachments.map(({ type }) => type),
    members: graph.devices.map(({ name }) => name),
    probes: graph.nodes.map(constructorName),
    origin: (file, start, end) => {
      const text = sources.get(file) ?? "";
      const { device } = nodeBehind(graph, text, start, end) ?? { device: unikernel };
      return configuration.diagnose("", device.location);
    },
  });
}

/** Compiles, and again without the devices that `main` does not reach, so that they leave no byte. */
async function compileReached(
  prepared: Prepared,
  data: readonly DeviceData[],
  profile: Profile,
): Promise<{ compiled: Compiled; graph: Graph; warnings: Diagnostic[] }> {
  const { graph, configuration } = prepared;
  const compiled = await compileGraph(prepared, graph, data, profile);
  const unused = graph.nodes.filter((node) => !compiled.reached.has(constructorName(node)));
  if (unused.length === 0) return { compiled, graph, warnings: [...compiled.warnings] };
  const left = new Set(graph.nodes.filter((node) => !unused.includes(node)).map(({ id }) => id));
  const smaller = reachedGraph(graph, left);
  const again = await compileGraph(
    prepared,
    smaller,
    data.filter(({ constructorName: name }) => compiled.reached.has(name)),
    profile,
  );
  const warnings = unused.map((node) =>
    configuration.diagnose(
      `device "${node.id}" is configured, but main never uses it: it is left out of the image`,
      node.device.location,
    ),
  );
  return { compiled: again, graph: smaller, warnings: [...again.warnings, ...warnings] };
}

interface Linked {
  readonly image: Uint8Array;
  readonly digest: string;
  readonly manifest: Manifest;
  readonly map: string;
  readonly names: Uint8Array;
}

/** The code by where it was written: inlined code counts for its own source, not for the caller's. */
function* codeParts(
  core: CoreImage,
  source: ModuleSourceMap,
  labels: ReadonlyMap<number, string>,
): Iterable<readonly [string, number]> {
  for (const [index, { start, end }] of core.functions)
    for (const [file, bytes] of source.bytesBySource(start, end))
      yield [file ?? labels.get(index) ?? "", bytes];
}

/** The core of the image, with the data of devices, and in the size profile its other data packed. */
async function makeCore(
  { binary, data }: Compiled,
  profile: Profile,
  pagesMin: number,
): Promise<CoreImage> {
  const core = coreImage(binary, data, pagesMin);
  if (profile !== "size") return core;
  const { packData } = await import("./pack/pack.js");
  return packData(core, data);
}

async function link(
  prepared: Prepared,
  graph: Graph,
  compiled: Compiled,
  profile: Profile,
  file: string,
): Promise<Linked> {
  const { unikernel } = prepared.configuration;
  const { name } = unikernel;
  const core = await makeCore(compiled, profile, unikernel.memory.minimumPages);
  const { minimum, maximum } = core.memory;
  if (minimum > maximum)
    throw new BuildError([
      {
        ...prepared.configuration.diagnose(
          `memory.maximum is ${maximum} pages of 64 KiB, and the data of the devices ends in page ${minimum}`,
          unikernel.location,
        ),
        hint: "Raise it, or leave it out: it is then 16M beside the data.",
      },
    ]);
  const labels = readFunctionNames(core.names);
  const source = new ModuleSourceMap(compiled.sourceMap, (at) => core.relocation.apply(at));
  const modules = linkedModules(
    { name, version: readPackage(prepared.configuration.directory)?.version ?? "0.0.0" },
    { version: compiled.versions["assemblyscript"] ?? "", sources: compiled.library },
    compiled.sources,
    codeParts(core, source, labels),
  );
  const data = compiled.data
    .map(({ name: device, bytes, digest }) => ({ name: device, bytes: bytes.length, digest }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  const manifest = imageManifest(name, graph, core, modules, data, compiled.observationAddress, {
    ...compiled.versions,
    binaryen: toolchainVersion("binaryen"),
    phantasm: toolchainVersion("phantasm"),
  });
  const { bytes, shift } = sealImage(core.bytes, manifest);
  const { digest } = verifyImage(bytes);
  const texts = new Map(
    [...compiled.sources, ...compiled.library].map(({ name: file, text }) => [file, text]),
  );
  const map = source.render(shift, (file) => texts.get(file), {
    file,
    digest,
    classes: compiled.classes,
  });
  return {
    image: bytes,
    digest,
    manifest,
    map: JSON.stringify(map),
    names: encodeNames(digest, core.names),
  };
}

/**
 * Builds, verifies and writes an image.
 *
 * @throws BuildError with what to mend and where
 */
export async function build(options: BuildOptions): Promise<BuildResult> {
  const { onStage = () => undefined } = options;
  onStage("configuration");
  const prepared = await prepare(options.directory);
  const { configuration } = prepared;
  const { name } = configuration.unikernel;
  await options.onDeclared?.(declaredManifest(name, prepared.graph));
  const path = resolve(
    options.output ??
      (options.profile === undefined
        ? join(configuration.directory, "dist", `${name}.wasm`)
        : join(configuration.directory, ".phantasm", `${name}.${options.profile}.wasm`)),
  );
  const made = makeData(configuration, prepared.graph);
  const profile = options.profile ?? configuration.unikernel.profile;
  onStage("compile");
  const { compiled, graph, warnings } = await compileReached(prepared, made.data, profile);
  onStage("link");
  const linked = await link(prepared, graph, compiled, profile, basename(path));
  onStage("verify");
  writeAtomically(`${path}.map`, linked.map);
  writeAtomically(`${path}.names`, linked.names);
  writeAtomically(path, linked.image);
  const inputs = [
    ...new Set([
      ...configuration.inputs,
      ...made.inputs,
      ...compiled.sources.flatMap((source) => (source.path === undefined ? [] : [source.path])),
    ]),
  ];
  // An image elsewhere or of another profile is not what the folder stands for.
  if (options.output === undefined && options.profile === undefined)
    writeStamp(configuration.directory, { image: path, digest: linked.digest, inputs });
  return {
    image: linked.image,
    path,
    digest: linked.digest,
    manifest: linked.manifest,
    graph,
    suspending: compiled.suspending,
    frozen: compiled.frozen,
    warnings: [...made.warnings, ...warnings],
    inputs,
  };
}

/**
 * The image of a folder, built only when an input has changed since the last build; otherwise the
 * compiler is not even loaded.
 */
export async function ensureBuilt(
  directory: string,
  options: Omit<BuildOptions, "directory"> = {},
): Promise<{ readonly path: string; readonly result: BuildResult | undefined }> {
  const stamp = readStamp(resolve(directory));
  const usual = options.output === undefined && options.profile === undefined;
  if (stamp && usual && stampHolds(stamp)) return { path: stamp.image, result: undefined };
  const result = await build({ directory, ...options });
  return { path: result.path, result };
}
