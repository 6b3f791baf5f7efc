/** Writing files so that nobody sees half of one. */
import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname } from "node:path";

/** The text of a file; undefined when it cannot be read. */
export function readText(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}

/** A digest of a file, or of the names in a folder; empty when there is nothing that can be read. */
export function inputDigest(path: string): string {
  const hash = createHash("sha256");
  try {
    if (statSync(path).isDirectory()) hash.update(readdirSync(path).sort().join("\0"));
    else hash.update(readFileSync(path));
  } catch {
    return "";
  }
  return hash.digest("hex");
}

/**
 * Makes a folder and those above it. Node's own `recursive` never returns where the system answers
 * ENOENT below a folder that exists, as in /proc.
 */
export function makeFolder(path: string): void {
  if (existsSync(path)) return;
  makeFolder(dirname(path));
  try {
    mkdirSync(path);
  } catch (error) {
    // Another process may have been faster.
    if (!existsSync(path)) throw error;
  }
}

/**
 * Makes the folder, then replaces the file: a reader sees the old one or the new one. Symbolic links
 * are followed; a pipe or a device is written to, never replaced.
 */
export function writeAtomically(path: string, contents: string | Uint8Array): void {
  makeFolder(dirname(path));
  const existing = statSync(path, { throwIfNoEntry: false });
  if (existing && !existing.isFile()) {
    writeFileSync(path, contents);
    return;
  }
  const target = existing ? realpathSync(path) : path;
  const temporary = `${target}.${process.pid}.tmp`;
  try {
    writeFileSync(temporary, contents);
    renameSync(temporary, target);
  } catch (error) {
    rmSync(temporary, { force: true });
    // The user has named this file, and has never heard of the temporary one.
    throw error instanceof Error ? Object.assign(error, { path }) : error;
  }
}

/** Leaves a file alone that would not change, so that watchers see no change. */
export function writeIfChanged(path: string, text: string): void {
  if (readText(path) !== text) writeAtomically(path, text);
}
