/** The zones that the tests have in common. */
import { cpSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { compileZones, parseName, Problems, readZones, type Zone } from "@phantasm/zone-format";

export const ZONES_DIRECTORY = fileURLToPath(new URL("zones/", import.meta.url));
export const ZONE_NAMES = ["example.org", "child.example.org", "other.test"];

function readFile(path: string): string | null {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return null;
  }
}

export function zonesOf(
  files: readonly { readonly path: string; readonly origin: string }[],
  read: (path: string) => string | null = readFile,
): { zones: Zone[]; problems: Problems } {
  const problems = new Problems();
  const named = files.map(({ path, origin }) => ({ path, origin: parseName(`${origin}.`, null) }));
  const display = (path: string): string => path.slice(path.lastIndexOf("/") + 1);
  return { zones: readZones(named, { read, display }, problems), problems };
}

/** One zone from a text. */
export function zoneOf(
  text: string,
  origin = "example.org",
): { zones: Zone[]; problems: Problems } {
  return zonesOf([{ path: `/${origin}.zone`, origin }], () => text);
}

export function testZones(): Zone[] {
  const { zones, problems } = zonesOf(
    ZONE_NAMES.map((origin) => ({ path: `${ZONES_DIRECTORY}${origin}.zone`, origin })),
  );
  if (problems.errors.length > 0) throw new Error(problems.errors.join("\n"));
  return zones;
}

export function compiledTestZones(): Buffer {
  return compileZones(testZones());
}

/** A copy of the zone files with `$GENERATE` written out, for servers that do not know it. */
export function plainZoneFiles(): string {
  const directory = mkdtempSync(join(tmpdir(), "phantasm-zones-"));
  cpSync(ZONES_DIRECTORY, directory, { recursive: true });
  const file = join(directory, "generated.zone");
  const lines = readFileSync(file, "utf8").split("\n");
  const written = lines.flatMap((line) => {
    const [, first, last, step = "1", rest = ""] =
      /^\$GENERATE (\d+)-(\d+)(?:\/(\d+))? (.*)$/.exec(line) ?? [];
    if (first === undefined) return [];
    const out = [];
    for (let value = Number(first); value <= Number(last); value += Number(step))
      out.push(
        rest
          .replace("${10,4,x}", (value + 10).toString(16).padStart(4, "0"))
          .replace("${1}", String(value + 1))
          .replaceAll("$", String(value)),
      );
    return out;
  });
  writeFileSync(file, `${written.join("\n")}\n`);
  return directory;
}
