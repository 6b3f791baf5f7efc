/** Reading and writing what the user names, with errors that say what to do. */
import { readFileSync, statSync } from "node:fs";
import { isAbsolute, relative, resolve } from "node:path";
import { writeAtomically } from "../files.js";
import { UserError } from "./errors.js";

/** A private key, a public key, a detached signature: more is a mistake. */
const SMALL_FILE_BYTES_MAX = 1_048_576;

const EXPLANATIONS: Readonly<Record<string, string>> = {
  EACCES: "permission denied",
  EPERM: "permission denied",
  ENOENT: "no such file or directory",
  ENOTDIR: "a part of the path is not a directory",
  EISDIR: "it is a directory",
  EEXIST: "it exists already",
  ENOSPC: "the disk is full",
  EROFS: "the file system is read-only",
  ELOOP: "too many symbolic links",
  ENAMETOOLONG: "the name is too long",
};

/** A system error in a few words; undefined when it is something else. */
export function explain(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("syscall" in error) || !("code" in error)) return undefined;
  const code = String(error.code);
  return EXPLANATIONS[code] ?? code;
}

/** A path as the user would write it from where they stand. */
export function shown(path: string): string {
  const near = relative(process.cwd(), path);
  if (near === "") return ".";
  return near.startsWith("..") || isAbsolute(near) ? path : near;
}

/** For a command line that the user may copy. */
export function shellWord(text: string): string {
  return /^[\w./:@%+=,-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/** Turns a system error about a file into one for the user; others pass. */
export function fileError(path: string, error: unknown, hint?: string): unknown {
  const reason = explain(error);
  if (reason === undefined) return error;
  return new UserError(`${shown(path)}: ${reason}`, hint === undefined ? {} : { hint });
}

/** @throws UserError when it cannot be read, or is far larger than a key or signature */
export function readSmallFile(given: string, hint?: string): Buffer {
  const path = resolve(given);
  try {
    const { size } = statSync(path);
    if (size > SMALL_FILE_BYTES_MAX)
      throw new UserError(`${shown(path)}: ${size} bytes are too many for a key or signature`);
    return readFileSync(path);
  } catch (error) {
    throw fileError(path, error, hint);
  }
}

/**
 * Replaces a file in one step.
 *
 * @throws UserError when it cannot be written
 */
export function writeOutput(path: string, content: Uint8Array | string): void {
  try {
    writeAtomically(path, content);
  } catch (error) {
    throw fileError(path, error);
  }
}
