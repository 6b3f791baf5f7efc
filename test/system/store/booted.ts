/** The store's image, and domains of it. */
import { fileURLToPath } from "node:url";
import { builtImage } from "../../support/built.js";
import { Running } from "../../support/running.js";

const EXAMPLE = fileURLToPath(new URL("../../../examples/store", import.meta.url));

export function storeImage(): Promise<string> {
  return builtImage(EXAMPLE);
}

export interface Booted {
  readonly running: Running;
  readonly port: number;
}

/** @param port of the host, 0: any @param words arguments of the image */
export async function bootStore(
  image: string,
  disk: string,
  port: number,
  ...words: string[]
): Promise<Booted> {
  const running = new Running([
    image,
    ...["-p", `${port}:6379`, "--block", `data=${disk}`, "--"],
    ...words,
  ]);
  await running.saw(/Ready to accept/);
  return { running, port: await running.port(6379) };
}
