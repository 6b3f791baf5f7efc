/** From the text of an appliance to a sealed image. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ABI_VERSION, IMPORT_MODULE, ObservationBlock } from "@phantasm/abi";
import { impliedHypercalls, sealImage, verifyImage, type Manifest } from "@phantasm/seal";
import loadWabt from "wabt";
import { applianceText, FOLDER, type Case } from "./definition.js";

const IMAGE_NAME_CHARACTERS_MAX = 63;

const wabt = await loadWabt();

/** Builds and verifies the image of a case. Throws with the line of the text that is wrong. */
export function buildImage(case_: Case): Uint8Array {
  // The assembler takes a character for a byte.
  const text = Buffer.from(moduleText(case_), "utf8").toString("latin1");
  const module = wabt.parseWat(`${case_.appliance}/appliance.wat`, text, {
    mutable_globals: true,
    sat_float_to_int: true,
    sign_extension: true,
    multi_value: true,
    bulk_memory: true,
  });
  try {
    module.validate();
    const { buffer } = module.toBinary({ write_debug_names: false });
    const sealed = sealImage(Uint8Array.from(buffer), manifestOf(case_));
    return verifyImage(sealed.bytes).bytes;
  } finally {
    module.destroy();
  }
}

/**
 * The whole module: what the manifest implies (imports and memory) stands in front of what the
 * appliance is about, and an empty `init` behind it unless it has its own.
 */
export function moduleText(case_: Case): string {
  const { minimum, maximum } = case_.memory;
  const imports = impliedHypercalls(manifestOf(case_)).map(({ name, parameters, result }) => {
    const takes = parameters.map(({ type }) => `(param ${type})`).join(" ");
    const gives = result === null ? "" : `(result ${result.type})`;
    return `(import "${IMPORT_MODULE}" "${name}" (func $${name} ${takes} ${gives}))`;
  });
  const own = applianceText(case_.appliance);
  return [
    "(module",
    ...imports,
    `(memory (export "memory") ${minimum} ${maximum})`,
    `(global $case i32 (i32.const ${case_.index}))`,
    case_.capabilities.includes("console") ? preamble("preamble") : "",
    case_.devices.some(({ type }) => type === "block") ? preamble("preamble-block") : "",
    own,
    own.includes('(export "init")') ? "" : '(func (export "init"))',
    ")",
  ].join("\n");
}

function preamble(name: string): string {
  return readFileSync(join(FOLDER, `${name}.wat`), "utf8");
}

function manifestOf(case_: Case): Manifest {
  const { observation } = case_;
  return {
    abi: ABI_VERSION,
    name: case_.name.replaceAll("/", "-").slice(0, IMAGE_NAME_CHARACTERS_MAX),
    capabilities: case_.capabilities,
    devices: case_.devices.map(({ name, type, offloads = 0 }) =>
      type === "net" ? { name, type, offloads } : { name, type },
    ),
    arguments: case_.arguments,
    memory: case_.memory,
    observation:
      observation === null
        ? { address: 0, bytes: 0, version: 0 }
        : {
            address: observation,
            bytes: ObservationBlock.BYTES,
            version: ObservationBlock.VERSION,
          },
    modules: [],
    toolchain: {},
  };
}
