/**
 * A backend that cannot be opened, or has ended, for a reason the operator can act on.
 *
 * The message is one to three lines: what was wrong, where, what to do next. It is printed as it is,
 * without a stack.
 */
export class BackendError extends Error {
  override readonly name: string = "BackendError";
}

/** What to attach is written in a way that cannot be read: a mistake of the command line, before anything is opened. */
export class OptionError extends BackendError {
  override readonly name = "OptionError";
}

/** The `code` of a system error (`ENOENT` …), or an empty string. */
export function errorCode(error: unknown): string {
  return error instanceof Error && "code" in error && typeof error.code === "string"
    ? error.code
    : "";
}

const EXPLANATIONS: Readonly<Record<string, string>> = {
  EACCES: "permission denied",
  EPERM: "permission denied",
  ENOENT: "no such file or directory",
  ENOTDIR: "a part of the path is not a directory",
  EISDIR: "it is a directory",
  ENOSPC: "the disk is full",
  EDQUOT: "the disk quota is used up",
  EROFS: "the file system is read-only",
  EFBIG: "the file system does not take a file of this size",
  EMFILE: "this process has too many open files",
  ENFILE: "this machine has too many open files",
  EIO: "input/output error",
};

/** A system error in a few words, without Node's path and system call. */
export function explain(error: unknown): string {
  const code = errorCode(error);
  return EXPLANATIONS[code] ?? (error instanceof Error ? error.message : String(error));
}
