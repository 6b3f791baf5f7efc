import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ChangeWatcher } from "./dev-watcher.js";

let folder = "";
let watcher: ChangeWatcher;
let changed: Promise<void>;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "phantasm-watch-"));
  changed = new Promise((resolve) => {
    watcher = new ChangeWatcher(resolve);
  });
});

afterEach(() => {
  watcher.close();
  rmSync(folder, { recursive: true, force: true });
});

test.each<[string, () => void]>([
  ["comes", () => writeFileSync(join(folder, "pages/new"), "")],
  ["goes", () => rmSync(join(folder, "pages/old"))],
  ["changes", () => writeFileSync(join(folder, "pages/old"), "2")],
])("a file of a folder that is watched %s", async (_, change) => {
  mkdirSync(join(folder, "pages"));
  writeFileSync(join(folder, "pages/old"), "1");
  watcher.watch([join(folder, "pages"), join(folder, "pages/old")]);
  change();
  await changed;
});

test("a folder that is missing is made", async () => {
  watcher.watch([join(folder, "pages")]);
  mkdirSync(join(folder, "pages"));
  await changed;
  expect(watcher.files).toEqual([join(folder, "pages")]);
});
