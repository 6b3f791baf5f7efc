/** What `expect.json` of an appliance says: its manifest, how to run it, and how that must end. */
import { readdirSync, readFileSync, existsSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { ManifestArgument, PlainCapability } from "@phantasm/seal";

/** Bytes: as UTF-8 text, as hexadecimal digits, or as a text many times. */
export type Text =
  string | { readonly hex: string } | { readonly repeat: string; readonly times: number };

/** What a host must be able to do for an appliance to make sense on it. */
export type Need =
  /** Time passes during a step. */
  | "real-time"
  /** Ten seconds pass at once. */
  | "virtual-time"
  /** A step that never ends can be ended. */
  | "isolation"
  /** A link that tells when its other end has gone. */
  | "cable"
  /** The observation block can be read. */
  | "observation"
  /** Disks in files. */
  | "files"
  /** Disks that fail. */
  | "faults";

/**
 * Backend of a device. `pair` joins the instances of one run; `loopback` returns what is sent; every
 * request to a `failing` disk completes with that status.
 */
export type Attach =
  | "memory"
  | "memory-readonly"
  | "file"
  | "failing-io"
  | "failing-nospace"
  | "failing-gone"
  | "loopback"
  | "pair";

export interface DeviceDefinition {
  readonly name: string;
  readonly type: "net" | "block";
  readonly attach: Attach;
  /** Net: bits of NetFeature that the manifest accepts. */
  readonly offloads?: number;
  /** Block: size of the disk; 1 MiB unless given. */
  readonly bytes?: number;
}

/** Time of events and input counts from the first byte of output. */
export interface RunSettings {
  /** Boot arguments by name. */
  readonly arguments?: Readonly<Record<string, Text>>;
  /** All of the input; it ends after it. Without `input` and `feed` it has ended. */
  readonly input?: Text;
  readonly feed?: readonly {
    readonly afterMs: number;
    readonly text?: Text;
    readonly end?: boolean;
  }[];
  /** `shutdown` asks the domain to end, `kill` insists. */
  readonly events?: readonly { readonly afterMs: number; readonly event: "shutdown" | "kill" }[];
  /** Output is not read before this time has passed since the boot. */
  readonly readAfterMs?: number;
  readonly stepLimitMs?: number;
  /** The operator's limit. */
  readonly memoryBytesMax?: number;
}

export interface Expectation {
  /** Default 0. `killed`: what stands for an end by force, 128 or more. */
  readonly status?: number | "killed";
  /** All of the output. Default: `SUCCESS\n`. */
  readonly output?: Text;
  /** A regular expression for all of the output, instead of `output`. */
  readonly outputPattern?: string;
  /** Regular expressions for what the host says about the end. */
  readonly message?: string;
  readonly messageNot?: string;
  /** Time from boot to end, by the clock of the host under test. */
  readonly withinMs?: number;
  readonly notBeforeMs?: number;
  /** Counters in the observation block after the end. */
  readonly observedSteps?: number;
}

interface Settings {
  readonly capabilities?: readonly PlainCapability[];
  readonly devices?: readonly DeviceDefinition[];
  readonly arguments?: readonly ManifestArgument[];
  /** In pages. */
  readonly memory?: { readonly minimum: number; readonly maximum: number };
  /** Address of the observation block. */
  readonly observation?: number;
  readonly needs?: readonly Need[];
  readonly run?: RunSettings;
  readonly expect?: Expectation;
  /** Several domains of this image at the same time, each on top of `run` and `expect`. */
  readonly instances?: readonly { readonly run?: RunSettings; readonly expect?: Expectation }[];
  /** No two instances may have the same output. */
  readonly differ?: boolean;
}

interface ExpectFile extends Settings {
  /** Variations: each its own image, in which the global `$case` is its position. */
  readonly cases?: Readonly<Record<string, Settings>>;
}

/** One image to build and run. */
export interface Case {
  /** `NAME` or `NAME/CASE`. */
  readonly name: string;
  readonly appliance: string;
  readonly index: number;
  readonly capabilities: readonly PlainCapability[];
  readonly devices: readonly DeviceDefinition[];
  readonly arguments: readonly ManifestArgument[];
  readonly memory: { readonly minimum: number; readonly maximum: number };
  readonly observation: number | null;
  readonly needs: readonly Need[];
  readonly instances: readonly { readonly run: RunSettings; readonly expect: Expectation }[];
  readonly differ: boolean;
}

const HERE = dirname(fileURLToPath(import.meta.url));
/** The folder of the appliances, also for the compiled runner. */
export const FOLDER = basename(HERE) === "dist" ? dirname(HERE) : HERE;

const SETTINGS = [
  "arguments",
  "capabilities",
  "devices",
  "differ",
  "expect",
  "instances",
  "memory",
  "needs",
  "observation",
  "run",
];

export function bytesOf(text: Text): Buffer {
  if (typeof text === "string") return Buffer.from(text, "utf8");
  if ("hex" in text) return Buffer.from(text.hex.replaceAll(" ", ""), "hex");
  return Buffer.from(text.repeat.repeat(text.times), "utf8");
}

/** Names of all appliances, sorted. */
export function applianceNames(): string[] {
  return readdirSync(FOLDER)
    .filter((name) => existsSync(join(FOLDER, name, "expect.json")))
    .sort();
}

/** The text of an appliance. */
export function applianceText(name: string): string {
  return readFileSync(join(FOLDER, name, "appliance.wat"), "utf8");
}

/** All cases of an appliance. Throws when its `expect.json` has a field that does not exist. */
export function casesOf(appliance: string): Case[] {
  const text = readFileSync(join(FOLDER, appliance, "expect.json"), "utf8");
  const { cases, ...base } = JSON.parse(text) as ExpectFile;
  checkFields(appliance, base);
  if (cases === undefined) return [resolve(appliance, appliance, 0, base, {})];
  return Object.entries(cases).map(([name, settings], index) => {
    // JavaScript would move such names to the front, and `$case` would mean another one.
    if (/^\d+$/.test(name)) throw new Error(`${appliance}: a case is not called by a number`);
    checkFields(`${appliance}/${name}`, settings);
    return resolve(`${appliance}/${name}`, appliance, index, base, settings);
  });
}

function checkFields(where: string, settings: Settings): void {
  for (const field of Object.keys(settings))
    if (!SETTINGS.includes(field)) throw new Error(`${where}: expect.json has no field "${field}"`);
}

function resolve(
  name: string,
  appliance: string,
  index: number,
  base: Settings,
  over: Settings,
): Case {
  const all = { ...base, ...over };
  const run = { ...base.run, ...over.run };
  const expect = { ...base.expect, ...over.expect };
  const instances = (all.instances ?? [{}]).map((instance) => ({
    run: { ...run, ...instance.run },
    expect: { ...expect, ...instance.expect },
  }));
  return {
    name,
    appliance,
    index,
    capabilities: [...(all.capabilities ?? ["console" as const])].sort(),
    devices: all.devices ?? [],
    arguments: all.arguments ?? [],
    memory: all.memory ?? { minimum: 1, maximum: 1 },
    observation: all.observation ?? null,
    needs: all.needs ?? [],
    instances,
    differ: all.differ ?? false,
  };
}
