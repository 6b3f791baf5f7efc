/** The manifest of an image, from its graph and its compiled module. */
import { ABI_VERSION, HYPERCALLS, IMPORT_MODULE, ObservationBlock } from "@phantasm/abi";
import type {
  Manifest,
  ManifestArgument,
  ManifestData,
  ManifestDevice,
  ManifestModule,
  PlainCapability,
  Service,
} from "@phantasm/seal";
import type { Argument } from "../configuration/arguments.js";
import type { Attachment, ServiceOptions } from "../configuration/device.js";
import type { BootArgument, Graph } from "../graph.js";
import type { CoreImage } from "./core.js";

/** Capabilities without a device that the imports of a module ask for, sorted. */
export function plainCapabilities(imports: readonly string[]): PlainCapability[] {
  const used = new Set(imports);
  const found = new Set<PlainCapability>();
  for (const { name, capability } of HYPERCALLS)
    if (
      capability !== null &&
      capability !== "net" &&
      capability !== "block" &&
      used.has(`${IMPORT_MODULE}.${name}`)
    )
      found.add(capability);
  return [...found].sort();
}

function device(attachment: Attachment): ManifestDevice {
  const { name } = attachment;
  if (attachment.type === "block") return { name, type: "block" };
  const services = (attachment.services ?? []).map(service).sort(byPort);
  const listed = services.length === 0 ? {} : { services };
  return { name, type: "net", offloads: attachment.offloads ?? 0, ...listed };
}

function service({ port, protocol, scheme }: ServiceOptions): Service {
  return { port, protocol, ...(scheme === undefined ? {} : { scheme }) };
}

/** The order of the manifest. */
function byPort(a: Service, b: Service): number {
  return a.port - b.port || (a.protocol < b.protocol ? -1 : 1);
}

function argumentEntry({ name, argument }: BootArgument): ManifestArgument {
  const { type, help, required, default: value, minimum, maximum, values }: Argument = argument;
  const entry = {
    name,
    type,
    help,
    required,
    ...(value === undefined ? {} : { default: value }),
    ...(minimum === undefined ? {} : { minimum }),
    ...(maximum === undefined ? {} : { maximum }),
    ...(values === undefined ? {} : { values }),
  };
  return entry as ManifestArgument;
}

/** What of a manifest is known before the image is compiled. */
export type Declared = Pick<Manifest, "name" | "devices" | "arguments">;

/** What an image of this configuration will declare. */
export function declaredManifest(name: string, graph: Graph): Declared {
  return {
    name,
    devices: graph.attachments.map(device),
    arguments: graph.arguments.map(argumentEntry),
  };
}

export function imageManifest(
  name: string,
  graph: Graph,
  core: CoreImage,
  modules: readonly ManifestModule[],
  data: readonly ManifestData[],
  observationAddress: number,
  toolchain: Readonly<Record<string, string>>,
): Manifest {
  return {
    abi: ABI_VERSION,
    ...declaredManifest(name, graph),
    capabilities: plainCapabilities(core.imports),
    memory: core.memory,
    observation: {
      address: observationAddress,
      bytes: ObservationBlock.BYTES,
      version: ObservationBlock.VERSION,
    },
    modules,
    ...(data.length === 0 ? {} : { data }),
    toolchain,
  };
}
