/** System errors as a disk reports them. */
import { errorCode } from "../error.js";
import type { BlockStatus } from "../types.js";

/**
 * What a request answers after this error. What is not of the system is thrown on: an engine whose stack
 * is used up says so through any call.
 */
export function statusOf(error: unknown): BlockStatus {
  const code = errorCode(error);
  if (code === "") throw error;
  return code === "ENOSPC" || code === "EDQUOT" || code === "EFBIG" ? "nospace" : "io";
}

/** The same for a read, which no full disk can stop. */
export function readStatusOf(error: unknown): BlockStatus {
  if (errorCode(error) === "") throw error;
  return "io";
}
