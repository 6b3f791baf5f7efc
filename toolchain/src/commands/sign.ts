/** `phantasm sign`. */
import { resolve } from "node:path";
import {
  detachSignature,
  parsePrivateKey,
  SealError,
  signImage,
  verifyImage,
} from "@phantasm/seal";
import { UserError, usageError } from "./errors.js";
import { readSmallFile, writeOutput, shellWord, shown } from "./files.js";
import type { Invocation } from "./parse.js";
import { refused } from "./refused.js";
import { openTarget } from "./target.js";
import type { Terminal } from "./terminal.js";
import { card } from "./text.js";

/** `phantasm sign IMAGE --key FILE [--detached] [-o FILE]`. */
export async function sign(invocation: Invocation, terminal: Terminal): Promise<number> {
  const [given = ""] = invocation.operands;
  const keyPath = invocation.value("key");
  if (keyPath === undefined)
    throw usageError(
      "sign needs a private key: --key FILE",
      `Make one: ${terminal.program} keygen`,
    );
  const key = readKey(keyPath, terminal.program);
  const target = await openTarget(given, terminal);
  const detached = invocation.flag("detached");
  const output = resolve(
    invocation.value("output") ?? (detached ? `${target.path}.sig` : target.path),
  );
  let signed: Uint8Array;
  try {
    // A detached file holds this one signature: those in the image stay there.
    signed = detached
      ? detachSignature(signImage(detachSignature(target.bytes).image, key)).signature
      : signImage(target.bytes, key);
  } catch (error) {
    throw refused(target.path, error);
  }
  writeOutput(output, signed);
  terminal.out(
    card([
      [detached ? "signature" : "image", shown(output)],
      ["key", key.publicKey.text],
      ["digest", verifyImage(target.bytes).digest],
    ]),
  );
  const image = shellWord(shown(detached ? target.path : output));
  const publicKey = shellWord(keyPath.replace(/\.key$/, ".pub"));
  const signature = detached ? ` --signature ${shellWord(shown(output))}` : "";
  terminal.say(`\nCheck it:  ${terminal.program} verify ${image} --key ${publicKey}${signature}\n`);
  return 0;
}

function readKey(path: string, program: string): ReturnType<typeof parsePrivateKey> {
  const text = readSmallFile(path, `Make a key: ${program} keygen`).toString("utf8");
  try {
    return parsePrivateKey(text);
  } catch (error) {
    if (!(error instanceof SealError)) throw error;
    throw new UserError(`${shown(resolve(path))}: ${error.message}`);
  }
}
