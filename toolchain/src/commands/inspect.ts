/** `phantasm inspect`: what an image declares, imports and consists of. */
import { resolve } from "node:path";
import {
  escapeTerminal,
  type ManifestArgument,
  type ManifestDevice,
  type VerifiedImage,
} from "@phantasm/seal";
import { usageError } from "./errors.js";
import { shellWord, shown, writeOutput } from "./files.js";
import { imageParts, readNames, type Part } from "./image-parts.js";
import { bootCommand } from "./next.js";
import type { Invocation } from "./parse.js";
import { verifyTarget } from "./refused.js";
import { openTarget } from "./target.js";
import type { Terminal } from "./terminal.js";
import { card, formatBytes, formatPages, serviceText } from "./text.js";

const BAR_CHARACTERS = 24;
const NO_NAMES: ReadonlyMap<number, string> = new Map();

/** `phantasm inspect [DIR|IMAGE] [--json | --html [FILE] | --wat]`. */
export async function inspect(invocation: Invocation, terminal: Terminal): Promise<number> {
  const [given = ".", file] = invocation.operands;
  const chosen = ["json", "html", "wat"].filter((name) => invocation.flag(name));
  const help = `See: ${terminal.program} help inspect`;
  if (chosen.length > 1) throw usageError(`--${chosen.join(" and --")} exclude each other`, help);
  if (file !== undefined && chosen[0] !== "html")
    throw usageError("only --html writes to a FILE", help);
  const target = await openTarget(given, terminal);
  const image = verifyTarget(target);
  if (chosen[0] === "json") {
    terminal.out(`${JSON.stringify(asJson(image), null, 2)}\n`);
    return 0;
  }
  const names = readNames(target.path, image.digest);
  if (chosen[0] === "wat") {
    const { imageText } = await import("./wat.js");
    terminal.out(await imageText(image, names?.section));
    return 0;
  }
  const parts = imageParts(image, names?.functions ?? NO_NAMES);
  if (chosen[0] === "html") {
    const { renderPage } = await import("./page.js");
    const page = renderPage(image, parts);
    if (file === undefined) {
      terminal.out(page);
    } else {
      writeOutput(resolve(file), page);
      terminal.say(
        `Wrote ${shown(resolve(file))} (${formatBytes(page.length)}). Open it in a browser.\n`,
      );
    }
    return 0;
  }
  terminal.out(asText(image, parts, shown(target.path), terminal));
  terminal.say(
    `\nBoot it:  ${bootCommand(terminal.program, target.shown, image.manifest)}\n` +
      `See what takes its bytes:  ${terminal.program} inspect ${shellWord(target.shown)} --html ${image.manifest.name}.html\n`,
  );
  return 0;
}

/** What `--json` prints. */
export interface InspectedImage {
  readonly manifest: VerifiedImage["manifest"];
  readonly digest: string;
  /** Of the whole file. */
  readonly bytes: number;
  readonly imports: readonly {
    readonly module: string;
    readonly name: string;
    readonly kind: "function";
  }[];
  readonly exports: readonly { readonly name: string; readonly kind: string }[];
  readonly modules: VerifiedImage["manifest"]["modules"];
}

function asJson({ manifest, digest, bytes, imports, exports }: VerifiedImage): InspectedImage {
  return {
    manifest,
    digest,
    bytes: bytes.length,
    imports: imports.map(({ module, name }) => ({ module, name, kind: "function" })),
    exports: exports.map(({ name, kind }) => ({ name, kind })),
    modules: manifest.modules,
  };
}

function describeArgument({ name, type, help, required }: ManifestArgument): string {
  const note = required ? ", required" : "";
  return escapeTerminal(`--${name} (${type}${note})${help === "" ? "" : `: ${help}`}`);
}

function asText(image: VerifiedImage, parts: Part, path: string, terminal: Terminal): string {
  const { manifest, digest, signers, imports, exports } = image;
  const { bold } = terminal.outStyle;
  const { memory, devices, capabilities, toolchain } = manifest;
  const head = card([
    ["image", path],
    ["name", bold(manifest.name)],
    ["size", formatBytes(image.bytes.length)],
    ["digest", digest],
    [
      "seal",
      signers.length === 0 ? "intact, not signed" : `intact, signed by ${signers.join("\n")}`,
    ],
    ["abi", String(manifest.abi)],
    ["memory", `${formatPages(memory.minimum)} to ${formatPages(memory.maximum)}`],
    ["devices", devices.map(({ name, type }) => `${name} (${type})`).join(", ") || "none"],
    ...serviceRows(devices),
    ["capabilities", capabilities.join(", ") || "none"],
    ["arguments", manifest.arguments.map(describeArgument).join("\n") || "none"],
    ["imports", imports.map(({ name }) => name).join(", ")],
    ["exports", summariseExports(exports.map(({ name }) => name))],
    [
      "toolchain",
      escapeTerminal(
        Object.entries(toolchain)
          .map((tool) => tool.join(" "))
          .join(", "),
      ),
    ],
  ]);
  const modules = [...manifest.modules].sort((a, b) => b.bytes - a.bytes);
  const code = modules.map(({ name, version, bytes }) => ({
    name: escapeTerminal(`${name} ${version}`),
    bytes,
  }));
  const data = [...(manifest.data ?? [])].sort((a, b) => b.bytes - a.bytes);
  return [
    head,
    ...(data.length === 0 ? [] : [`${bold("Data by device")}\n${bars(data, image.bytes.length)}`]),
    `${bold("Code by module")}\n${bars(code, image.bytes.length)}`,
    `${bold("Sections")}\n${bars(parts.parts, image.bytes.length)}`,
  ].join("\n");
}

/** What the image listens for; no row when it does not say. */
function serviceRows(devices: readonly ManifestDevice[]): (readonly [string, string])[] {
  const services = devices.flatMap((device) =>
    device.type === "net"
      ? (device.services ?? []).map((service) => `${serviceText(service)} on ${device.name}`)
      : [],
  );
  return services.length === 0 ? [] : [["services", services.join(", ")]];
}

/** `g0 … g7` instead of eight names. */
function summariseExports(names: readonly string[]): string {
  const globals = names.filter((name) => /^g\d+$/.test(name)).length;
  const others = names.filter((name) => !/^g\d+$/.test(name));
  const last = globals === 0 ? [] : [globals === 1 ? "g0" : `g0 … g${globals - 1}`];
  return [...others, ...last].join(", ");
}

function bars(
  rows: readonly { readonly name: string; readonly bytes: number }[],
  whole: number,
): string {
  const width = Math.max(0, ...rows.map(({ name }) => name.length));
  return rows
    .map(({ name, bytes }) => {
      const bar = "█".repeat(
        Math.max(bytes > 0 ? 1 : 0, Math.round((bytes / whole) * BAR_CHARACTERS)),
      );
      const share = `${((bytes / whole) * 100).toFixed(1)} %`;
      return `  ${name.padEnd(width)}  ${formatBytes(bytes).padStart(8)}  ${share.padStart(7)}  ${bar}\n`;
    })
    .join("");
}
