/** `phantasm keygen`: a key pair for signing images. */
import { existsSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { formatPrivateKey, formatPublicKey, generateKey } from "@phantasm/seal";
import { UserError } from "./errors.js";
import { fileError, shellWord, shown } from "./files.js";
import type { Invocation } from "./parse.js";
import type { Terminal } from "./terminal.js";
import { card } from "./text.js";

const NAME_DEFAULT = "phantasm";
const OWNER_ONLY = 0o600;

/** `phantasm keygen [-o NAME]`. Never overwrites a file. */
export function keygen(invocation: Invocation, terminal: Terminal): Promise<number> {
  const name = invocation.value("output") ?? NAME_DEFAULT;
  const secretPath = resolve(`${name}.key`);
  const publicPath = resolve(`${name}.pub`);
  for (const path of [secretPath, publicPath])
    if (existsSync(path))
      throw new UserError(`${shown(path)} exists already; a key is never overwritten`, {
        hint: `Choose another name: ${terminal.program} keygen -o NAME`,
      });
  const key = generateKey();
  create(secretPath, formatPrivateKey(key), OWNER_ONLY);
  create(publicPath, `${formatPublicKey(key.publicKey)}\n`);
  terminal.out(
    card([
      ["private", `${shown(secretPath)}  keep it secret; it signs images`],
      ["public", `${shown(publicPath)}  give it to those who run them`],
    ]),
  );
  terminal.say(
    `\nSign an image:  ${terminal.program} sign IMAGE --key ${shellWord(shown(secretPath))}\n`,
  );
  return Promise.resolve(0);
}

function create(path: string, content: string, mode?: number): void {
  try {
    writeFileSync(path, content, { flag: "wx", ...(mode === undefined ? {} : { mode }) });
  } catch (error) {
    throw fileError(path, error);
  }
}
