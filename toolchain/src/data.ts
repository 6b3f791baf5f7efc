/** The data that devices put into an image: made from the configuration before anything is compiled. */
import { createHash } from "node:crypto";
import { readFileSync, readdirSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import type { DataContext, DataParameter } from "./configuration/device.js";
import type { Configuration } from "./configuration/load.js";
import { BuildError, type Diagnostic } from "./diagnostics.js";
import { writeAtomically } from "./files.js";
import { constructorName, dataNames } from "./generate.js";
import type { Graph, Node } from "./graph.js";

/** The bytes of one parameter. */
export interface DeviceData {
  /** Of the device, and of the parameter when it has several. */
  readonly name: string;
  /** Id of the device. */
  readonly node: string;
  readonly bytes: Uint8Array;
  /** `sha256:…` */
  readonly digest: string;
  /** Functions and variables of generated code, see `generateDevices`. */
  readonly constructorName: string;
  readonly variables: { readonly address: string; readonly bytes: string };
}

export interface MadeData {
  readonly data: readonly DeviceData[];
  /** What they were made from, absolute. */
  readonly inputs: readonly string[];
  readonly warnings: readonly Diagnostic[];
}

export function sha256(bytes: Uint8Array | string): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** What an earlier build of the folder has made, in files under the digest of their key. */
class Cache {
  readonly #directory: string;
  readonly #used = new Set<string>();

  constructor(directory: string) {
    this.#directory = directory;
  }

  get(key: string, make: () => Uint8Array): Uint8Array {
    const name = sha256(key);
    this.#used.add(name);
    const file = join(this.#directory, name);
    let kept: Uint8Array | undefined;
    try {
      kept = readFileSync(file);
    } catch {
      // It is made now.
    }
    // The digest finds a file that was cut or changed.
    const digest = kept && Buffer.from(kept.subarray(0, 32)).toString("hex");
    if (kept && digest === sha256(kept.subarray(32))) return kept.subarray(32);
    const made = make();
    writeAtomically(file, Buffer.concat([Buffer.from(sha256(made), "hex"), made]));
    return made;
  }

  /** Forgets what this build did not ask for. */
  prune(): void {
    let names: string[] = [];
    try {
      names = readdirSync(this.#directory);
    } catch {
      // Nothing was ever kept.
    }
    for (const name of names)
      if (!this.#used.has(name)) rmSync(join(this.#directory, name), { force: true });
  }
}

function dataParameters({ device }: Node): DataParameter[] {
  return (device.parameters ?? []).filter((parameter) => "data" in parameter);
}

/**
 * Makes the data of all devices.
 *
 * @throws BuildError at the line of the configuration that made the device
 */
export function makeData(configuration: Configuration, { nodes }: Graph): MadeData {
  const { directory } = configuration;
  const inputs = new Set<string>();
  const cache = new Cache(join(directory, ".phantasm", "made"));
  const warnings: Diagnostic[] = [];
  const contextOf = ({ device }: Node): DataContext => ({
    directory,
    input: (path) => void inputs.add(resolve(directory, path)),
    cached: (key, make) => cache.get(key, make),
    warn: (message) => void warnings.push(configuration.diagnose(message, device.location)),
  });
  const bytesOf = (node: Node, { data }: DataParameter): Uint8Array => {
    if (data instanceof Uint8Array) return data;
    try {
      return data(contextOf(node));
    } catch (error) {
      if (!(error instanceof Error) || error.name !== "ConfigurationError") throw error;
      throw new BuildError(
        [configuration.diagnose(error.message, node.device.location)],
        [...inputs],
      );
    }
  };
  const data = nodes.flatMap((node) => {
    const parameters = dataParameters(node);
    return parameters.map((parameter): DeviceData => {
      const bytes = bytesOf(node, parameter);
      return {
        name: parameters.length > 1 ? `${node.id}.${parameter.name}` : node.id,
        node: node.id,
        bytes,
        digest: `sha256:${sha256(bytes)}`,
        constructorName: constructorName(node),
        variables: dataNames(node, parameter.name),
      };
    });
  });
  cache.prune();
  return { data, inputs: [...inputs], warnings };
}
