/** What this machine can do for disks in a directory. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BackendError, explain } from "../error.js";
import { loadFileCalls } from "./file-calls.js";
import { openFileDisk } from "./open-file.js";
import type { SectorBytes } from "./geometry.js";

export interface DiskSupport {
  /** Smallest sector that `,direct` takes here; null when it does not work. */
  readonly directSectorBytes: SectorBytes | null;
  /** Why it does not; else null. */
  readonly directProblem: string | null;
  /** Discards give space back. */
  readonly punches: boolean;
  /** koffi can be loaded, without which no discard does. */
  readonly hasLibrary: boolean;
}

const TRIAL_BYTES = 65_536;

/** Tries it out, with a file of its own that it removes. */
export async function diskSupport(directory: string): Promise<DiskSupport> {
  const folder = scratchIn(directory);
  const file = join(folder, "disk");
  try {
    const hasLibrary = (await loadFileCalls()) !== null;
    const disk = await openFileDisk(file, { bytes: TRIAL_BYTES });
    const punches = disk.discards;
    await disk.close();
    let directProblem: string | null = null;
    for (const sectorBytes of [512, 4096] as const) {
      try {
        await (await openFileDisk(file, { direct: true, sectorBytes })).close();
        return { directSectorBytes: sectorBytes, directProblem: null, punches, hasLibrary };
      } catch (error) {
        directProblem = error instanceof BackendError ? firstLine(error, file) : explain(error);
      }
    }
    return { directSectorBytes: null, directProblem, punches, hasLibrary };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function scratchIn(directory: string): string {
  try {
    return mkdtempSync(join(directory, ".phantasm-doctor-"));
  } catch {
    // Nothing can be written there.
    return mkdtempSync(join(tmpdir(), "phantasm-doctor-"));
  }
}

function firstLine(error: Error, file: string): string {
  return (error.message.split("\n")[0] ?? "").replace(`${file}: `, "");
}
