import { readFileSync } from "node:fs";

/** Folder of this package. */
export const TOOLCHAIN = new URL("../../", import.meta.url);

/** The version of this package. */
export function version(): string {
  const text = readFileSync(new URL("package.json", TOOLCHAIN), "utf8");
  return (JSON.parse(text) as { version: string }).version;
}
