import { spawn, spawnSync } from "node:child_process";
import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, expect, test } from "vitest";
import { makeFolder, writeAtomically } from "./files.js";

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "phantasm-files-"));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

test("replaces a file and leaves nothing beside it", () => {
  const path = join(folder, "made", "on", "the", "way", "file");
  writeAtomically(path, "old");
  writeAtomically(path, "new");
  expect(readFileSync(path, "utf8")).toBe("new");
  expect(readdirSync(join(path, ".."))).toEqual(["file"]);
});

test("follows a symbolic link", () => {
  const file = join(folder, "target");
  const link = join(folder, "link");
  writeFileSync(file, "old");
  symlinkSync(file, link);
  writeAtomically(link, "new");
  expect(lstatSync(link).isSymbolicLink()).toBe(true);
  expect(readFileSync(file, "utf8")).toBe("new");
});

test("a folder in the way is named itself, not a temporary file", () => {
  const path = join(folder, "in-the-way");
  mkdirSync(path);
  expect(() => {
    writeAtomically(path, "");
  }).toThrow(expect.objectContaining({ code: "EISDIR", path }));
  expect(readdirSync(path)).toEqual([]);
});

test("a pipe is written to, not replaced", async () => {
  const pipe = join(folder, "pipe");
  expect(spawnSync("mkfifo", [pipe]).status).toBe(0);
  const reader = spawn("cat", [pipe]);
  const read = text(reader.stdout);
  writeAtomically(pipe, "through");
  expect(await read).toBe("through");
  expect(lstatSync(pipe).isFIFO()).toBe(true);
});

test("a folder that cannot be is an error at once", () => {
  expect(() => {
    makeFolder("/proc/none/of/these");
  }).toThrow(expect.objectContaining({ code: "ENOENT" }));
});

test("a failure names the file, not the temporary one beside it", () => {
  const path = "/proc/self/image.wasm";
  expect(() => {
    writeAtomically(path, "");
  }).toThrow(expect.objectContaining({ path }));
});

test("a file on the way to a folder is an error", () => {
  const file = join(folder, "a-file");
  writeFileSync(file, "");
  expect(() => {
    makeFolder(join(file, "below"));
  }).toThrow(expect.objectContaining({ code: "ENOTDIR" }));
});
