/**
 * Fibres: finds what can suspend, and has Binaryen's Asyncify rewrite exactly that.
 *
 * An image suspends if it calls `~lib/@phantasm/fibre/switch/suspend`. Whatever can reach it is rewritten,
 * up to `enter`; `resume`, which calls `enter`, is the wall behind which nothing knows of fibres.
 */
import { BuildError, type Diagnostic } from "../diagnostics.js";
import { CallGraph, type Call, type GraphFunction } from "./call-graph.js";
import { setConstant } from "./constants.js";
import type { Binaryen, Module } from "./optimise.js";

const SWITCH = "~lib/@phantasm/fibre/switch/";
/** Functions at the edge of a switch; inlining one would lose its place. */
const EDGES = ["resume", "enter", "suspend", "show"];
/** What Asyncify adds for a host that switches from outside. */
const EXPORTS = ["start_unwind", "stop_unwind", "start_rewind", "stop_rewind", "get_state"];
const LIBRARY = "~lib/";
const GENERATED = ".phantasm/";
/** Sorting and joining work on addresses of elements, and keep them where the collector does not look. */
const BLIND = ["~lib/util/sort/", "~lib/util/string/join"];
/** Frames that functions which call themselves may have in all. */
const RECURSION_BYTES = 64 * 1024;

/** What the check of a module needs to know about the project. */
export interface SuspensionRules {
  /** The package of a function of `~lib/PACKAGE/…`; null for AssemblyScript's own library. */
  readonly packageOf: (name: string) => string | null;
  /** Whether that package may have functions that suspend. */
  readonly maySuspend: (packageName: string) => boolean;
  /** The place in the sources that an offset of the module comes from; `start` is that of its function. */
  readonly placeOf: (offset: number, start?: number) => Omit<Diagnostic, "message">;
}

/** True if the module switches between fibres. To be asked before any pass has run. */
export function switches(module: Module): boolean {
  return module.getFunction(`${SWITCH}resume`) !== 0;
}

/** Keeps the functions at the edge of a switch out of every inlining. */
export function keepEdges(binaryen: Binaryen, module: Module): void {
  for (const edge of EDGES) {
    binaryen.setPassArgument("no-inline", `${SWITCH}${edge}`);
    module.runPasses(["no-inline"]);
  }
  binaryen.clearPassArguments();
}

function isBlind(name: string): boolean {
  return BLIND.some((prefix) => name.startsWith(prefix));
}

function edges(graph: CallGraph): { goals: Set<number>; walls: Set<number> } {
  const index = (name: string): number[] => {
    const found = graph.find(`${SWITCH}${name}`);
    return found ? [found.index] : [];
  };
  // Fibres that never wait have no `suspend`.
  const goals = new Set(index("suspend"));
  if (index("resume").length !== 1 || index("enter").length !== 1)
    throw new Error("the link step lost a function at the edge of a fibre's switch");
  return { goals, walls: new Set(index("resume")) };
}

/** `~lib/@phantasm/fibre/fibre/sleep` → `sleep`; `main/Worker#run` → `Worker#run`. */
function label(name: string): string {
  return name
    .replace(/@override$/, "")
    .replace(/~?[\w.@/-]+\/(?=[\w#<~])/g, "")
    .replace(/~anonymous\|\d+/g, "(anonymous)");
}

/** From a function to `suspend`, by name; stubs of virtual methods and the switch itself are left out. */
function chain(graph: CallGraph, reaching: ReadonlyMap<number, Call>, from: number): string[] {
  const names: string[] = [];
  let at: number | undefined = from;
  while (at !== undefined) {
    const entry: GraphFunction | undefined = graph.functions[at];
    if (!entry) break;
    const text = label(entry.name);
    if (!entry.name.startsWith(SWITCH) && names.at(-1) !== text) names.push(text);
    const call = reaching.get(at);
    at = call && graph.targets(call).find((target) => reaching.has(target));
  }
  return names;
}

/**
 * Refuses a module in which something suspends that must not: the dispatcher, a handler it calls, a
 * module of the library OS.
 *
 * @throws BuildError at the call in the application that leads to it
 */
export function checkSuspension(binary: Uint8Array, rules: SuspensionRules): void {
  const graph = new CallGraph(binary);
  const { goals, walls } = edges(graph);
  const reaching = graph.reaching(goals, walls);
  const guilty = (index: number): boolean => {
    const { name } = graph.functions[index] ?? { name: "" };
    if (name.startsWith(GENERATED)) return !name.includes("~anonymous") && !name.endsWith("/boot");
    if (!name.startsWith(LIBRARY)) return false;
    if (isBlind(name)) return true;
    const owner = rules.packageOf(name);
    return owner !== null && !rules.maySuspend(owner);
  };
  const found = [...reaching.keys()].filter(guilty);
  if (found.length === 0) return;
  const diagnostics = new Map<string, Diagnostic>();
  for (const index of found) {
    const call = reaching.get(index);
    const target =
      call && graph.targets(call).find((next) => reaching.has(next) || goals.has(next));
    // Told where the library OS hands over: at what it calls, if that is the application's.
    if (target === undefined || guilty(target)) continue;
    const names = chain(graph, reaching, index);
    const own = application(graph, reaching, target);
    const at = own === undefined ? call : reaching.get(own);
    const first = own === undefined ? names[0] : label(graph.functions[own]?.name ?? "");
    const { start } = graph.functions[own ?? index] ?? { start: 0 };
    const place = at ? rules.placeOf(at.offset, start) : {};
    const guiltyName = graph.functions[index]?.name ?? "";
    const owner = rules.packageOf(guiltyName);
    const way = names.join(" → ");
    if (own !== undefined && isBlind(guiltyName)) {
      diagnostics.set(`${place.file}:${place.line}:${first}`, {
        ...place,
        message: `${first} waits, and sort or join may call it: ${way}`,
        hint: "Neither a comparison nor toString waits: look up before what they need. If it is not a comparison, give it other parameters than one has.",
      });
      continue;
    }
    diagnostics.set(`${place.file}:${place.line}:${first}`, {
      ...place,
      ...(own === undefined
        ? {
            message: `${first} waits, but ${owner ?? "the library OS"} does not say that it may: ${way}`,
            hint: `A module for fibres says so in package.json: "phantasm": { "suspends": true }. The library OS never waits.`,
          }
        : {
            message: `${first} waits, but the library OS calls it and cannot wait: ${way}`,
            hint: "A handler never waits: let it spawn a fibre, or wake one that waits in a WaitQueue.",
          }),
    });
  }
  throw new BuildError([...diagnostics.values()]);
}

/** The first function of the application on the way from here. */
function application(
  graph: CallGraph,
  reaching: ReadonlyMap<number, Call>,
  from: number,
): number | undefined {
  let at: number | undefined = from;
  while (at !== undefined) {
    const name = graph.functions[at]?.name ?? "";
    if (!name.startsWith(LIBRARY) && !name.startsWith(GENERATED) && !name.endsWith("@override"))
      return at;
    const call = reaching.get(at);
    at = call && graph.targets(call).find((target) => reaching.has(target));
  }
  return undefined;
}

/**
 * Rewrites what can suspend. The module must be as the optimiser will leave it but for a last run.
 *
 * @returns the names of the functions that were rewritten, sorted
 */
export function transformSuspension(
  binaryen: Binaryen,
  module: Module,
  optimizeLevel: number,
): string[] {
  const graph = new CallGraph(module.emitBinary());
  const { goals, walls } = edges(graph);
  const reaching = graph.reaching(goals, walls);
  const functions = [...reaching.keys()].flatMap((index) => graph.functions[index] ?? []);
  binaryen.setPassArgument("asyncify-ignore-imports", "1");
  if (indirect(graph, reaching)) {
    // Asyncify takes every indirect call for one that suspends: here it is told which do not.
    const innocent = callers(graph, reaching).filter(isListable);
    if (innocent.length > 0) binaryen.setPassArgument("asyncify-removelist", innocent.join(","));
  } else binaryen.setPassArgument("asyncify-ignore-indirect", "1");
  binaryen.setOptimizeLevel(Math.min(optimizeLevel, 1));
  module.runPasses(["asyncify"]);
  binaryen.setOptimizeLevel(optimizeLevel);
  binaryen.clearPassArguments();
  for (const name of EXPORTS) module.removeExport(`asyncify_${name}`);
  const names = functions.map(({ name }) => name).sort();
  setConstant(binaryen, module, "FIBRE_BUFFER_BYTES", bufferBytes(module, new Set(names)));
  return names;
}

/** True if an indirect call may suspend. */
function indirect(graph: CallGraph, reaching: ReadonlyMap<number, Call>): boolean {
  return [...reaching.keys()].some((index) =>
    graph.functions[index]?.calls.some(
      (call) => call.indirect && graph.targets(call).some((target) => reaching.has(target)),
    ),
  );
}

/**
 * Binaryen splits a list at commas outside brackets, and takes the arrow of a function type for a bracket. A
 * function whose name it would not understand is rewritten although it need not be.
 */
function isListable(name: string): boolean {
  const count = (brackets: string): number =>
    [...name].filter((character) => brackets.includes(character)).length;
  return count("<([{") === count(">)]}") && !name.includes("*");
}

/** Functions with indirect calls that cannot suspend, by name. */
function callers(graph: CallGraph, reaching: ReadonlyMap<number, Call>): string[] {
  return graph.functions
    .filter(({ index, calls }) => !reaching.has(index) && calls.some((call) => call.indirect))
    .map(({ name }) => name);
}

/**
 * Room for the deepest frames: the longest way from `enter` if no function on it comes twice, else an
 * allowance beside it. A fibre that needs more is found out when it suspends.
 */
function bufferBytes(module: Module, names: ReadonlySet<string>): number {
  const graph = new CallGraph(module.emitBinary());
  const enter = graph.find(`${SWITCH}enter`);
  if (!enter) throw new Error("the link step lost a function at the edge of a fibre's switch");
  const depth = new Map<number, number>();
  const open = new Set<number>();
  let recursive = false;
  const measure = (index: number): number => {
    const known = depth.get(index);
    if (known !== undefined) return known;
    if (open.has(index)) {
      recursive = true;
      return 0;
    }
    const entry = graph.functions[index];
    if (!entry || !names.has(entry.name)) return 0;
    open.add(index);
    let below = 0;
    for (const call of entry.calls)
      for (const target of graph.targets(call)) below = Math.max(below, measure(target));
    open.delete(index);
    depth.set(index, below + entry.frameBytes);
    return below + entry.frameBytes;
  };
  const bytes = measure(enter.index) + (recursive ? RECURSION_BYTES : 0);
  return (bytes + 15) & ~15;
}
