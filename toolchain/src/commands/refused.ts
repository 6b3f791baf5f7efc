/** Refusals by the seal, as the operator reads them. */
import { resolve } from "node:path";
import { Exit } from "@phantasm/abi";
import { parsePublicKey, SealError, verifyImage, type PublicKey } from "@phantasm/seal";
import type { VerifiedImage, VerifyOptions } from "@phantasm/seal";
import { UserError } from "./errors.js";
import { readSmallFile, shown } from "./files.js";

/** Turns a refusal into an error for the operator; others pass. */
export function refused(path: string, error: unknown): unknown {
  if (!(error instanceof SealError)) return error;
  return new UserError(`${shown(path)} is refused: ${error.message} [${error.code}]`, {
    status: Exit.REFUSED,
    ...(error.code === "header" || error.code === "signature-missing"
      ? { hint: "Only images that phantasm build has made can be used." }
      : {}),
  });
}

/** @throws UserError with status 104 */
export function verifyTarget(
  { path, bytes }: { readonly path: string; readonly bytes: Uint8Array },
  options: VerifyOptions = {},
): VerifiedImage {
  try {
    return verifyImage(bytes, options);
  } catch (error) {
    throw refused(path, error);
  }
}

/**
 * `--key PUB`: a file, or the text of the key itself.
 *
 * @throws UserError
 */
export function readPublicKey(given: string): PublicKey {
  const literal = given.startsWith("phantasm-public-key:");
  const text = literal ? given : readSmallFile(given).toString("utf8");
  try {
    return parsePublicKey(text);
  } catch (error) {
    if (!(error instanceof SealError)) throw error;
    throw new UserError(literal ? error.message : `${shown(resolve(given))}: ${error.message}`);
  }
}
