/** The device graph: what a configuration composes, in an order in which it can be built. */
import { basename } from "node:path";
import type { Argument } from "./configuration/arguments.js";
import type { Attachment, Device, DeviceParameters } from "./configuration/device.js";
import type { Configuration } from "./configuration/load.js";
import type { Location } from "./configuration/location.js";
import { BuildError, type Diagnostic } from "./diagnostics.js";

export interface Node {
  /** Identifier in generated code, unique. */
  readonly id: string;
  readonly device: Device;
  /** The nodes its parameters name, in order. */
  readonly needs: readonly Node[];
  /** Index into the manifest's devices, for a device with an attachment. */
  readonly handle?: number;
}

export interface BootArgument {
  /** Identifier in `os.arguments`. */
  readonly field: string;
  /** Name on the command line and in the manifest. */
  readonly name: string;
  readonly argument: Argument;
}

export interface Graph {
  /** Dependencies before dependents. */
  readonly nodes: readonly Node[];
  /** Members of `Devices`. */
  readonly devices: readonly { readonly name: string; readonly node: Node }[];
  readonly attachments: readonly Attachment[];
  readonly arguments: readonly BootArgument[];
}

/** `logLevel` → `log-level`. */
export function kebab(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** `log-level` → `logLevel`. */
function camel(name: string): string {
  return name.replace(/-+(.)?/g, (_, letter: string | undefined) => (letter ?? "").toUpperCase());
}

class GraphBuilder {
  readonly #configuration: Configuration;
  readonly #nodes = new Map<string, Node>();
  readonly #byDevice = new Map<Device, Node>();
  readonly #visiting = new Set<Device>();
  readonly #attachments: { attachment: Attachment; location: Location }[] = [];
  readonly #arguments = new Map<string, BootArgument & { location: Location }>();
  readonly #ids = new Set<string>();
  readonly #data = new Map<unknown, number>();
  readonly #problems: Diagnostic[] = [];

  constructor(configuration: Configuration) {
    this.#configuration = configuration;
  }

  build(): Graph {
    const { unikernel } = this.#configuration;
    for (const [field, argument] of Object.entries(unikernel.arguments))
      this.#addArgument(field, argument, unikernel.location);
    const devices = Object.entries(unikernel.devices).map(([name, device]) => ({
      name,
      node: this.#visit(device, name),
    }));
    if (this.#problems.length > 0) throw new BuildError(this.#problems);
    return {
      nodes: [...this.#nodes.values()],
      devices,
      attachments: this.#attachments.map(({ attachment }) => attachment),
      arguments: [...this.#arguments.values()].map(({ field, name, argument }) => ({
        field,
        name,
        argument,
      })),
    };
  }

  #visit(device: Device, hint: string): Node {
    const known = this.#byDevice.get(device);
    if (known) return known;
    if (this.#visiting.has(device))
      throw new BuildError([
        this.#configuration.diagnose(`device "${hint}" needs itself`, device.location),
      ]);
    this.#visiting.add(device);
    const needs = (device.parameters ?? []).flatMap((parameter) =>
      "device" in parameter ? [this.#visit(parameter.device, parameter.name)] : [],
    );
    this.#visiting.delete(device);
    const key = this.#key(device, needs);
    const node = this.#nodes.get(key) ?? this.#add(key, device, needs, hint);
    this.#byDevice.set(device, node);
    return node;
  }

  /** Two devices are one when class and parameters agree; attachments have a name, and are never merged. */
  #key(device: Device, needs: readonly Node[]): string {
    const constants = (device.parameters ?? []).map((p: DeviceParameters) => {
      if ("value" in p) return p.value;
      if ("argument" in p) return `argument ${p.argument}`;
      // Whether data are equal is known when they are made: then they share their bytes.
      return "data" in p ? this.#number(p.data) : null;
    });
    return JSON.stringify([
      device.module,
      device.class,
      constants,
      needs.map(({ id }) => id),
      device.attachment ? this.#attachments.length : null,
    ]);
  }

  #number(data: unknown): number {
    const number = this.#data.get(data) ?? this.#data.size;
    this.#data.set(data, number);
    return number;
  }

  #add(key: string, device: Device, needs: readonly Node[], hint: string): Node {
    for (const [field, argument] of Object.entries(device.arguments ?? {}))
      this.#addArgument(field, argument, device.location);
    const handle = device.attachment ? this.#attach(device.attachment, device.location) : undefined;
    const node: Node = {
      id: this.#identifier(hint),
      device,
      needs,
      ...(handle === undefined ? {} : { handle }),
    };
    this.#nodes.set(key, node);
    return node;
  }

  #attach(attachment: Attachment, location: Location): number {
    const other = this.#attachments.find((entry) => entry.attachment.name === attachment.name);
    if (other) this.#clash(`two devices are named "${attachment.name}"`, location, other.location);
    return this.#attachments.push({ attachment, location }) - 1;
  }

  #addArgument(field: string, argument: Argument, location: Location): void {
    const name = kebab(field);
    const other = this.#arguments.get(name);
    if (other) {
      this.#clash(`two boot arguments are named "${name}"`, location, other.location);
      return;
    }
    this.#arguments.set(name, { field: camel(field), name, argument, location });
    this.#checkNegation(name, location);
  }

  /** `--no-loud` is the boolean `loud` being false: no other argument may have that name. */
  #checkNegation(name: string, location: Location): void {
    const [plain, negated] = name.startsWith("no-") ? [name.slice(3), name] : [name, `no-${name}`];
    const first = this.#arguments.get(plain);
    const second = this.#arguments.get(negated);
    if (first?.argument.type !== "boolean" || !second) return;
    this.#clash(
      `--${negated} would mean two things: the argument "${negated}", and "${plain}" being false`,
      location,
      (name === plain ? second : first).location,
    );
  }

  #clash(message: string, location: Location, other: Location): void {
    const first = this.#configuration.diagnose("", other);
    this.#problems.push({
      ...this.#configuration.diagnose(message, location),
      hint: `The other one is at ${basename(first.file ?? "")}:${first.line ?? 1}. Give one of them another name.`,
    });
  }

  #identifier(hint: string): string {
    let id = hint;
    for (let count = 2; this.#ids.has(id); count++) id = `${hint}${count}`;
    this.#ids.add(id);
    return id;
  }
}

/**
 * Orders the devices of a configuration and gives each attachment its handle.
 *
 * @throws BuildError with the lines of a clash
 */
export function deviceGraph(configuration: Configuration): Graph {
  return new GraphBuilder(configuration).build();
}

/** The graph without the devices that `reached` does not have; attachments are numbered anew. */
export function reachedGraph(graph: Graph, reached: ReadonlySet<string>): Graph {
  const attachments: Attachment[] = [];
  const renewed = new Map<Node, Node>();
  for (const node of graph.nodes) {
    if (!reached.has(node.id)) continue;
    const { attachment } = node.device;
    const needs = node.needs.map((need) => renewed.get(need) ?? need);
    const handle = attachment ? attachments.push(attachment) - 1 : undefined;
    const { id, device } = node;
    renewed.set(node, { id, device, needs, ...(handle === undefined ? {} : { handle }) });
  }
  const own = new Set(
    graph.nodes
      .filter((node) => !renewed.has(node))
      .flatMap(({ device }) => Object.keys(device.arguments ?? {}).map(kebab)),
  );
  return {
    nodes: [...renewed.values()],
    devices: graph.devices.flatMap(({ name, node }) => {
      const kept = renewed.get(node);
      return kept ? [{ name, node: kept }] : [];
    }),
    attachments,
    arguments: graph.arguments.filter(({ name }) => !own.has(name)),
  };
}
