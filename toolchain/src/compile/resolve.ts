/**
 * The files of one compilation as the AssemblyScript compiler asks for them. Names inside the image
 * are relative to the project or start with `~lib/PACKAGE/`, so they are the same on every machine.
 */
import { createHash } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Package, Packages } from "../packages.js";

/** One source that was compiled. */
export interface SourceFile {
  /** As diagnostics and source maps name it: `main.ts`, `~lib/@phantasm/console/output.ts`. */
  readonly name: string;
  /** Absolute path; undefined for a generated source. */
  readonly path: string | undefined;
  /** The package it belongs to; undefined for the application and generated code. */
  readonly package: Package | undefined;
  readonly text: string;
}

const PACKAGE_REQUEST = /^(?:\.\.\/)*(?:\.\/)?node_modules\/((?:@[^/]+\/)?[^/]+)\/(.+)$/;
/** The compiler looks from the importing package upwards; here `Packages` says which package a name means. */
const NESTED_REQUEST = /node_modules\/.*\bnode_modules\//;

/** Serves sources to the compiler and remembers which it took. */
export class SourceTree {
  readonly sources = new Map<string, SourceFile>();
  readonly #project: string;
  readonly #packages: Packages;
  readonly #generated: ReadonlyMap<string, string>;

  /** @param generated sources by name, in the place of files */
  constructor(project: string, packages: Packages, generated: ReadonlyMap<string, string>) {
    this.#project = project;
    this.#packages = packages;
    this.#generated = generated;
  }

  /** The compiler's `readFile`: null when there is no such file. */
  read(request: string): string | null {
    const path = request.replaceAll("\\", "/").replace(/^\.\//, "");
    const generated = this.#generated.get(path);
    if (generated !== undefined) return this.#remember(path, undefined, undefined, generated);
    const match = PACKAGE_REQUEST.exec(path);
    if (!match) return this.#readFile(path, resolve(this.#project, path), undefined);
    if (NESTED_REQUEST.test(path)) return null;
    const [, name = "", file = ""] = match;
    const found = this.#packages.find(name);
    if (found?.module.assembly === undefined) return null;
    return this.#readFile(
      `~lib/${name}/${file}`,
      join(found.directory, found.module.assembly, file),
      found,
    );
  }

  #readFile(name: string, path: string, owner: Package | undefined): string | null {
    if (!statSync(path, { throwIfNoEntry: false })?.isFile()) return null;
    return this.#remember(name, path, owner, readFileSync(path, "utf8"));
  }

  #remember(
    name: string,
    path: string | undefined,
    owner: Package | undefined,
    text: string,
  ): string {
    this.sources.set(name, { name, path, package: owner, text });
    return text;
  }
}

/** SHA-256 over names and texts in name order: the digest of a module in the manifest. */
export function sourcesDigest(sources: readonly SourceFile[]): string {
  const hash = createHash("sha256");
  for (const { name, text } of [...sources].sort((a, b) => (a.name < b.name ? -1 : 1)))
    hash.update(`${name}\0${Buffer.byteLength(text)}\0${text}`);
  return `sha256:${hash.digest("hex")}`;
}
