/** `phantasm verify`: says what was checked, and what was not. */
import { readPublicKey, verifyTarget } from "./refused.js";
import { readSmallFile } from "./files.js";
import { bootCommand } from "./next.js";
import type { Invocation } from "./parse.js";
import { openTarget } from "./target.js";
import type { Terminal } from "./terminal.js";
import { card } from "./text.js";

/** `phantasm verify IMAGE [--key PUB]… [--digest sha256:…] [--signature FILE]`. */
export async function verify(invocation: Invocation, terminal: Terminal): Promise<number> {
  const [given = ""] = invocation.operands;
  const keys = invocation.values("key").map(readPublicKey);
  const pinned = invocation.value("digest");
  const signature = invocation.value("signature");
  const detached = signature === undefined ? undefined : readSmallFile(signature);
  const target = await openTarget(given, terminal);
  const { digest, signers, manifest } = verifyTarget(target, {
    keys,
    ...(pinned === undefined ? {} : { digest: pinned }),
    ...(detached === undefined ? {} : { detached }),
  });
  const { green, yellow } = terminal.outStyle;
  const trusted = new Set(keys.map(({ text }) => text));
  const others = signers.filter((signer) => !trusted.has(signer));
  const rows: (readonly [string, string])[] = [
    [green("checked"), "form, content and seal: nothing was changed since it was sealed"],
    [green("checked"), `code and imports are what the manifest declares`],
    ...keys.map(({ text }) => [green("checked"), `signed by ${text}`] as const),
    ...(pinned === undefined
      ? []
      : [[green("checked"), "it is the image with that digest"] as const]),
  ];
  if (keys.length === 0 && pinned === undefined)
    rows.push([
      yellow("not checked"),
      `who made it: ask for a key (--key PUB) or this very image (--digest ${digest})`,
    ]);
  for (const signer of others)
    rows.push([yellow("not checked"), `whether to trust ${signer}, which has signed as well`]);
  rows.push([yellow("not checked"), "the list of modules and versions: it is the author's claim"]);
  terminal.out(`${target.shown} is intact.\n${card(rows)}`);
  terminal.say(`\nBoot it:  ${bootCommand(terminal.program, target.shown, manifest)}\n`);
  return 0;
}
