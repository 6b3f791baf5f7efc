/** `phantasm describe`: the device graph, from the configuration alone. */
import type { Attachment, ServiceOptions } from "../configuration/device.js";
import type { Graph, Node } from "../graph.js";
import { shellWord, shown } from "./files.js";
import type { Invocation } from "./parse.js";
import { projectFolder } from "./target.js";
import type { Style, Terminal } from "./terminal.js";
import { card, formatBytes, serviceText } from "./text.js";
import { usageError } from "./errors.js";

/** `phantasm describe [DIR] [--dot] [--json]`. */
export async function describe(invocation: Invocation, terminal: Terminal): Promise<number> {
  const [given = "."] = invocation.operands;
  const dot = invocation.flag("dot");
  const json = invocation.flag("json");
  if (dot && json)
    throw usageError(
      "--dot and --json exclude each other",
      `See: ${terminal.program} help describe`,
    );
  const directory = projectFolder(given, terminal.program);
  const { prepare } = await import("../build.js");
  const { makeData } = await import("../data.js");
  const { configuration, graph } = await prepare(directory);
  const { name } = configuration.unikernel;
  const data = new Map<string, number>();
  for (const { node, bytes } of makeData(configuration, graph).data)
    data.set(node, (data.get(node) ?? 0) + bytes.length);
  if (json) {
    terminal.out(`${JSON.stringify(asJson(name, graph, data), null, 2)}\n`);
  } else if (dot) {
    terminal.out(asDot(name, graph, data));
  } else {
    terminal.out(asTree(name, graph, data, terminal.outStyle));
    terminal.say(`\nBuild it:  ${terminal.program} build ${shellWord(shown(directory))}\n`);
  }
  return 0;
}

/** Bytes of data of the devices that have some, by id. */
type DataBytes = ReadonlyMap<string, number>;

/** What belongs to a device from outside: what is attached at the boot, or made of files. */
function attachmentOf({ id, device: { attachment } }: Node, data: DataBytes): string {
  const bytes = data.get(id);
  if (bytes !== undefined) return `${formatBytes(bytes)} of data`;
  if (!attachment) return "";
  const services = attachment.type === "net" ? (attachment.services ?? []) : [];
  const listens = services.length === 0 ? "" : ` with ${services.map(serviceText).join(" and ")}`;
  return `${attachment.type} "${attachment.name}"${listens}`;
}

/** Devices with what they need below them; a device that several need is unfolded once. */
function asTree(name: string, graph: Graph, data: DataBytes, style: Style): string {
  const lines = [style.bold(name)];
  const unfolded = new Set<Node>();
  const add = (label: string, node: Node, indent: string, last: boolean): void => {
    const { provides, class: className, module } = node.device;
    const attached = attachmentOf(node, data);
    const again = unfolded.has(node) && node.needs.length > 0;
    unfolded.add(node);
    lines.push(
      `${indent}${last ? "└─" : "├─"} ${label}: ${style.cyan(provides)} ${style.dim(`${className} of ${module}`)}` +
        `${attached === "" ? "" : `, ${attached}`}${again ? " (as above)" : ""}`,
    );
    if (again) return;
    node.needs.forEach((need, at) => {
      add(need.id, need, `${indent}${last ? "  " : "│ "} `, at === node.needs.length - 1);
    });
  };
  graph.devices.forEach((device, at) => {
    add(device.name, device.node, "", at === graph.devices.length - 1);
  });
  if (graph.devices.length === 0) lines.push("no devices");
  const rows = graph.arguments.map(
    ({ name: argument, argument: { type, help } }) =>
      [`--${argument}`, help === "" ? type : `${type}: ${help}`] as const,
  );
  const list = rows.length === 0 ? "" : `\n${style.bold("Boot arguments")}\n${card(rows)}`;
  return `${lines.join("\n")}\n${list}`;
}

function asDot(name: string, graph: Graph, data: DataBytes): string {
  const quoted = (text: string): string => JSON.stringify(text);
  const nodes = graph.nodes.map((node) => {
    const { provides, class: className, module } = node.device;
    const lines = [
      `${node.id}: ${provides}`,
      `${className} of ${module}`,
      attachmentOf(node, data),
    ];
    return `  ${quoted(node.id)} [label=${quoted(lines.filter((line) => line !== "").join("\n"))}];`;
  });
  const roots = graph.devices.map(
    (device) => `  main -> ${quoted(device.node.id)} [label=${quoted(device.name)}];`,
  );
  const edges = graph.nodes.flatMap((node) =>
    node.needs.map((need) => `  ${quoted(node.id)} -> ${quoted(need.id)};`),
  );
  const head = [
    `digraph ${quoted(name)} {`,
    "  node [shape=box];",
    `  main [label=${quoted(name)}];`,
  ];
  return [...head, ...nodes, ...roots, ...edges, "}", ""].join("\n");
}

/** What `--json` prints. */
export interface DescribedGraph {
  readonly name: string;
  /** Members of `Devices` to ids of nodes. */
  readonly devices: Readonly<Record<string, string>>;
  readonly nodes: readonly {
    readonly id: string;
    readonly provides: string;
    readonly class: string;
    readonly module: string;
    readonly needs: readonly string[];
    readonly attachment?: {
      readonly type: string;
      readonly name: string;
      readonly services?: readonly ServiceOptions[];
    };
    readonly dataBytes?: number;
  }[];
  readonly arguments: readonly { readonly name: string; readonly type: string }[];
}

function asAttachment(attachment: Attachment): {
  type: string;
  name: string;
  services?: readonly ServiceOptions[];
} {
  const { type, name } = attachment;
  const services = attachment.type === "net" ? attachment.services : undefined;
  return { type, name, ...(services === undefined ? {} : { services }) };
}

function asJson(name: string, graph: Graph, data: DataBytes): DescribedGraph {
  return {
    name,
    devices: Object.fromEntries(graph.devices.map((device) => [device.name, device.node.id])),
    nodes: graph.nodes.map(({ id, needs, device }) => ({
      id,
      provides: device.provides,
      class: device.class,
      module: device.module,
      needs: needs.map((need) => need.id),
      ...(device.attachment ? { attachment: asAttachment(device.attachment) } : {}),
      ...(data.has(id) ? { dataBytes: data.get(id) ?? 0 } : {}),
    })),
    arguments: graph.arguments.map(({ name: argument, argument: rest }) => ({
      name: argument,
      ...rest,
    })),
  };
}
