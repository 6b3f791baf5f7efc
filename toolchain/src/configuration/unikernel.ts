/** The root of a configuration. */
import { isAbsolute, normalize } from "node:path";
import { parseSize } from "@phantasm/host/values";
import type { Argument } from "./arguments.js";
import { describeValue, isDevice, type Device } from "./device.js";
import { ConfigurationError, Location } from "./location.js";
import { checkOptions } from "./options.js";

export const UNIKERNEL = Symbol.for("phantasm.unikernel");

/** What the optimiser aims at; `debug` keeps every line where a debugger expects it. */
export type Profile = "speed" | "size" | "debug";

const PROFILES: readonly string[] = ["speed", "size", "debug"] satisfies Profile[];

/** Linear memory, in bytes or as `"64K"`, `"16M"`; rounded up to pages of 64 KiB. */
export interface MemoryOptions {
  /** What the image starts with; default: what its static data needs, at least 64K. */
  readonly minimum?: string | number;
  /** What it may grow to; default 16M beside the data of devices, such as baked files. */
  readonly maximum?: string | number;
}

/** What `unikernel` takes. */
export interface UnikernelOptions {
  /** The AssemblyScript file that exports `main`, relative to the configuration. Default `./main.ts`. */
  readonly entry?: string;
  /** Names in `Devices` and what is behind them. */
  readonly devices?: Readonly<Record<string, Device>>;
  readonly arguments?: Readonly<Record<string, Argument>>;
  readonly memory?: MemoryOptions;
  /** Default `speed`. */
  readonly profile?: Profile;
}

/** Pages of 64 KiB. The minimum is raised to what the image needs. */
export interface MemoryPages {
  readonly minimumPages: number;
  readonly maximumPages: number;
}

/** What a `phantasm.config.ts` exports by default: made by `unikernel`, checked there. */
export interface Unikernel {
  readonly [UNIKERNEL]: true;
  readonly name: string;
  readonly entry: string;
  readonly devices: Readonly<Record<string, Device>>;
  readonly arguments: Readonly<Record<string, Argument>>;
  readonly memory: MemoryPages & {
    /** False: the maximum is that of an image without data of devices. */
    readonly maximumGiven: boolean;
  };
  readonly profile: Profile;
  readonly location: Location;
}

const NAME = /^[a-z][a-z0-9-]{0,62}$/;
const IDENTIFIER = /^[a-z_][A-Za-z0-9_]*$/;
const PAGE_BYTES = 65_536n;
const PAGES_MAX = 65_536n;
/** Members of `Devices` that every image has. */
const RESERVED = new Set(["arguments", "now", "exit", "onShutdown", "constructor"]);
/** Words that cannot be the name of a member in AssemblyScript. */
const KEYWORDS = new Set(
  (
    "abstract as async await break case catch class const continue declare default delete do else " +
    "enum export extends false finally for from function get if implements import in instanceof " +
    "interface is keyof let module namespace new null of package private protected public readonly " +
    "return set static super switch this throw true try type typeof var void while with yield"
  ).split(" "),
);
/** Words that the command understands for every image. */
const RESERVED_ARGUMENTS = new Set(["help"]);

const OPTIONS = [
  "entry",
  "devices",
  "arguments",
  "memory",
  "profile",
] as const satisfies (keyof UnikernelOptions)[];
const MEMORY_OPTIONS = ["minimum", "maximum"] as const satisfies (keyof MemoryOptions)[];

function pages(what: string, value: string | number | undefined, fallback: string): number {
  let bytes = 0n;
  try {
    bytes = parseSize(String(value ?? fallback));
  } catch {
    // Reported below, with the limits.
  }
  if (bytes < 1n || bytes > PAGES_MAX * PAGE_BYTES)
    throw new ConfigurationError(
      `memory.${what}: expected a size from 64K to 4G such as "16M", got ${String(value)}`,
      what,
    );
  return Number((bytes + PAGE_BYTES - 1n) / PAGE_BYTES);
}

function checkDevices(devices: Readonly<Record<string, unknown>>): void {
  checkOptions("devices", devices, Object.keys(devices));
  for (const [name, value] of Object.entries(devices)) {
    if (!IDENTIFIER.test(name) || RESERVED.has(name))
      throw new ConfigurationError(
        RESERVED.has(name)
          ? `device "${name}": the name is taken by what every image has; choose another`
          : `device "${name}": the name must be an identifier such as ${JSON.stringify(name.replace(/[^A-Za-z0-9_]+(.)?/g, (_, c: string | undefined) => (c ?? "").toUpperCase()))}, because it becomes os.${name} in main`,
        name,
      );
    if (KEYWORDS.has(name))
      throw new ConfigurationError(
        `device "${name}": the name is a word of the language, and cannot become os.${name} in main; choose another`,
        name,
      );
    if (!isDevice(value))
      throw new ConfigurationError(
        `device "${name}": expected a device such as console(), got ${describeValue(value)}`,
        name,
      );
  }
}

function checkArguments(args: Readonly<Record<string, unknown>>): void {
  checkOptions("arguments", args, Object.keys(args));
  for (const [name, value] of Object.entries(args)) {
    if (!/^[a-z][A-Za-z0-9-]{0,62}$/.test(name))
      throw new ConfigurationError(
        `argument "${name}": the name must start with a lower-case letter and hold letters, digits and hyphens`,
        name,
      );
    if (RESERVED_ARGUMENTS.has(name))
      throw new ConfigurationError(
        `argument "${name}": --${name} prints the arguments of every image; choose another name`,
        name,
      );
    if (typeof value !== "object" || value === null || !("type" in value))
      throw new ConfigurationError(
        `argument "${name}": expected an argument such as integer({ default: 80 }), got ${describeValue(value)}`,
        name,
      );
  }
}

/**
 * Declares the image of this project; the default export of `phantasm.config.ts`.
 *
 * @param name of the image: lower-case letters, digits and hyphens
 */
export function unikernel(name: string, options: UnikernelOptions = {}): Unikernel {
  if (typeof name !== "string" || !NAME.test(name))
    throw new ConfigurationError(
      `unikernel: the name must match ${NAME.source}, got ${JSON.stringify(name)}`,
    );
  checkOptions("unikernel", options, OPTIONS);
  checkOptions("memory", options.memory ?? {}, MEMORY_OPTIONS);
  const { entry = "./main.ts", devices = {}, arguments: args = {}, memory = {} } = options;
  const { profile = "speed" } = options;
  if (typeof entry !== "string" || !entry.endsWith(".ts"))
    throw new ConfigurationError(
      `unikernel: entry must be an AssemblyScript file such as "./main.ts"`,
    );
  if (isAbsolute(entry) || normalize(entry).startsWith(".."))
    throw new ConfigurationError(
      `unikernel: entry must be a file below the configuration, got ${JSON.stringify(entry)}`,
      "entry",
    );
  if (!PROFILES.includes(profile))
    throw new ConfigurationError(
      `unikernel: profile must be "speed", "size" or "debug", got ${String(profile)}`,
    );
  checkDevices(devices);
  checkArguments(args);
  const minimumPages = pages("minimum", memory.minimum, "64K");
  const maximumPages = pages("maximum", memory.maximum, "16M");
  if (minimumPages > maximumPages) throw new ConfigurationError("memory: minimum is above maximum");
  return {
    [UNIKERNEL]: true,
    name,
    entry,
    devices,
    arguments: args,
    memory: { minimumPages, maximumPages, maximumGiven: memory.maximum !== undefined },
    profile,
    location: Location.here(),
  };
}

/** Also for one that another copy of this package has made. */
export function isUnikernel(value: unknown): value is Unikernel {
  return typeof value === "object" && value !== null && UNIKERNEL in value;
}
