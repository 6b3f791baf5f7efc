/** The command that boots an image, as the user may copy it. */
import type { Manifest } from "@phantasm/seal";
import { shellWord } from "./files.js";

/** @param target the folder or image as the user writes it */
export function bootCommand(program: string, target: string, { devices }: Manifest): string {
  // A net device needs no option: it gets a user network.
  const attachments = devices
    .filter(({ type }) => type === "block")
    .map(({ name }) => `--block ${name}=mem:64M`);
  return [`${program} run ${shellWord(target)}`, ...attachments].join(" ");
}
