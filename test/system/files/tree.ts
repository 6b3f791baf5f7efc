/** The tree that every volume of files is tested with: see packages/fs/assembly/testing-reading.ts. */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

const LARGE_BYTES = 100_001;
const MANY_FILES = 300;

const TEXTS: Readonly<Record<string, string>> = {
  "docs/deep/er/leaf": "leaf",
  "docs/index.html": "<!doctype html>\n",
  empty: "",
  "hello.txt": "Hello, world!\n",
  "ünïcode/日本語.txt": "grüße 🎉\n",
  "A name that is longer than eight and three.text": "long",
};

/** Bytes that differ from place to place, as the other side has them. */
function pattern(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, at) => at * 31 + (at >> 8));
}

/** Path to content. */
export function tree(): Record<string, string | Uint8Array> {
  const files: Record<string, string | Uint8Array> = {
    ...TEXTS,
    "large.bin": pattern(LARGE_BYTES),
  };
  for (let index = 0; index < MANY_FILES; index++)
    files[`many/f${String(index).padStart(3, "0")}`] = String(index);
  return files;
}

export function writeTree(folder: string, files = tree()): void {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
}
