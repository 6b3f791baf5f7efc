/** Tells when one of a set of files changes. */
import { existsSync, statSync, watch, type FSWatcher } from "node:fs";
import { dirname } from "node:path";
import { inputDigest } from "../files.js";

/** An editor that saves writes several times; this long after the last one the file is complete. */
const QUIET_MS = 40;

/** Watches folders, because editors replace files, which a watch of the file itself would miss. */
export class ChangeWatcher {
  readonly #onChange: () => void;
  readonly #folders = new Map<string, FSWatcher>();
  #files = new Map<string, string>();
  #anySource = false;
  #sourceStirred = false;
  #timer: NodeJS.Timeout | null = null;

  /** @param onChange called once after a burst of changes, never while nothing differs */
  constructor(onChange: () => void) {
    this.#onChange = onChange;
  }

  /**
   * Watches these files from now on, and no others; of a folder, which names are in it. Absolute paths.
   *
   * @param anySource any TypeScript file in their folders counts: what is missing may be made there
   */
  watch(files: readonly string[], anySource = false): void {
    this.#anySource = anySource;
    // A file that changed since it was first looked at must still be found changed.
    this.#files = new Map(files.map((path) => [path, this.#files.get(path) ?? inputDigest(path)]));
    const folders = new Set(files.map((path) => (isFolder(path) ? path : dirname(path))));
    for (const [folder, watcher] of this.#folders) {
      if (folders.has(folder)) continue;
      watcher.close();
      this.#folders.delete(folder);
    }
    for (const folder of folders) {
      if (this.#folders.has(folder) || !existsSync(folder)) continue;
      const watcher = watch(folder, (_, name) => this.#stir(name));
      // The folder is gone: what was in it is no input of the next build.
      watcher.on("error", () => watcher.close());
      this.#folders.set(folder, watcher);
    }
  }

  /** What is watched. */
  get files(): readonly string[] {
    return [...this.#files.keys()];
  }

  close(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    for (const watcher of this.#folders.values()) watcher.close();
    this.#folders.clear();
  }

  #stir(name: string | null): void {
    if (name?.endsWith(".ts")) this.#sourceStirred = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#timer = null;
      const changed = [...this.#files].filter(([path, before]) => inputDigest(path) !== before);
      for (const [path] of changed) this.#files.set(path, inputDigest(path));
      const any = this.#anySource && this.#sourceStirred;
      this.#sourceStirred = false;
      if (any || changed.length > 0) this.#onChange();
    }, QUIET_MS);
  }
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}
