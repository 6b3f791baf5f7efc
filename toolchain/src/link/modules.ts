/** Which bytes of an image came from which package, by the names of its sources and functions. */
import type { ManifestModule } from "@phantasm/seal";
import { sourcesDigest, type SourceFile } from "../compile/resolve.js";

export interface Application {
  readonly name: string;
  readonly version: string;
}

/** The standard library's name in the list of modules. */
const STANDARD_LIBRARY = "assemblyscript";

interface Owner {
  readonly version: string;
  readonly sources: SourceFile[];
  bytes: number;
}

/** `~lib/@phantasm/console/output/send` → `@phantasm/console`; undefined: not a package's. */
function libraryOwner(name: string, owners: ReadonlyMap<string, Owner>): string | undefined {
  const match = /^(?:start:)?~lib\/((?:@[^/]+\/)?[^/]+)/.exec(name);
  if (!match) return undefined;
  const owner = match[1] ?? "";
  return owners.has(owner) ? owner : STANDARD_LIBRARY;
}

/**
 * Bytes of code by package; what came from no package is the application's.
 *
 * @param parts of the code: a function or source name, and bytes
 */
export function linkedModules(
  application: Application,
  assemblyscript: { readonly version: string; readonly sources: readonly SourceFile[] },
  sources: readonly SourceFile[],
  parts: Iterable<readonly [name: string, bytes: number]>,
): ManifestModule[] {
  const owners = new Map<string, Owner>();
  const owner = (name: string, version: string): Owner => {
    const known = owners.get(name) ?? { version, sources: [], bytes: 0 };
    owners.set(name, known);
    return known;
  };
  owner(application.name, application.version);
  for (const source of sources) {
    const { package: from } = source;
    if (from) owner(from.name, from.version).sources.push(source);
    else if (source.path !== undefined)
      owner(application.name, application.version).sources.push(source);
  }
  owner(STANDARD_LIBRARY, assemblyscript.version).sources.push(...assemblyscript.sources);
  for (const [name, bytes] of parts) {
    const entry = owners.get(libraryOwner(name, owners) ?? application.name);
    if (entry) entry.bytes += bytes;
  }
  return [...owners]
    .filter(([, { bytes }]) => bytes > 0)
    .map(([name, { version, sources: own, bytes }]) => ({
      name,
      version,
      digest: sourcesDigest(own),
      bytes,
    }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}
