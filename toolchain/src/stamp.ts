/** What the last build of a folder was made from, to know without a compiler whether it still holds. */
import { createHash } from "node:crypto";
import { existsSync, readdirSync, statSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { inputDigest, readText, writeAtomically } from "./files.js";
import { toolchainVersion } from "./packages.js";

export interface Stamp {
  /** Absolute path of the image. */
  readonly image: string;
  readonly digest: string;
  /** Digest of each input by absolute path. */
  readonly inputs: Readonly<Record<string, string>>;
  readonly toolchain: string;
}

/**
 * The toolchain that built an image: its version, and in a checkout the state of its files, so that
 * a change of the toolchain asks for another build.
 */
function toolchainState(): string {
  const folder = dirname(fileURLToPath(import.meta.url));
  const hash = createHash("sha256").update(toolchainVersion("phantasm"));
  for (const part of ["", "compile", "configuration", "link"])
    for (const name of readdirSync(join(folder, part)).sort()) {
      if (!name.endsWith(".js")) continue;
      const { size, mtimeMs } = statSync(join(folder, part, name));
      hash.update(`${part}/${name} ${String(size)} ${String(mtimeMs)}\n`);
    }
  return hash.digest("hex");
}

const FILE = join(".phantasm", "build.json");

/** @param build image and inputs, absolute */
export function writeStamp(
  directory: string,
  build: { readonly image: string; readonly digest: string; readonly inputs: readonly string[] },
): void {
  const inputs = Object.fromEntries(
    build.inputs.map((path) => [relative(directory, path), inputDigest(path)]),
  );
  const stamp = {
    image: relative(directory, build.image),
    digest: build.digest,
    inputs,
    toolchain: toolchainState(),
  };
  writeAtomically(join(directory, FILE), `${JSON.stringify(stamp, null, 2)}\n`);
}

/** The stamp of a folder; undefined when there is none, or none that can be read. */
export function readStamp(directory: string): Stamp | undefined {
  const text = readText(join(directory, FILE));
  if (text === undefined) return undefined;
  try {
    const { image, digest, inputs, toolchain } = JSON.parse(text) as Record<string, unknown>;
    if (typeof image !== "string" || typeof digest !== "string" || typeof toolchain !== "string")
      return undefined;
    if (typeof inputs !== "object" || inputs === null) return undefined;
    return {
      image: resolve(directory, image),
      digest,
      toolchain,
      inputs: Object.fromEntries(
        Object.entries(inputs).map(([path, hash]) => [resolve(directory, path), String(hash)]),
      ),
    };
  } catch {
    return undefined;
  }
}

/** True when the image is there and no input has changed since it was built. */
export function stampHolds(stamp: Stamp): boolean {
  if (stamp.toolchain !== toolchainState() || !existsSync(stamp.image)) return false;
  return Object.entries(stamp.inputs).every(
    ([path, hash]) => hash !== "" && inputDigest(path) === hash,
  );
}
