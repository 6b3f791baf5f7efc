/** Images of the repository's own folders. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { ensureBuilt } from "../../toolchain/dist/build.js";

const POLL_MS = 100;

/**
 * Builds what a folder describes, unless it is up to date, and returns the path of the image. A warning of the
 * compiler is a failure: who builds an image with our packages should see none.
 */
export async function builtImage(directory: string): Promise<string> {
  const { path, result } = await alone(directory, () => ensureBuilt(directory));
  const warnings = result?.warnings ?? [];
  if (warnings.length > 0) {
    const list = warnings.map((warning) => JSON.stringify(warning)).join("\n");
    throw new Error(`${relative(process.cwd(), directory)} builds with warnings:\n${list}`);
  }
  return path;
}

/** Test files run side by side: the second one that needs an image waits for the first to build it. */
async function alone<T>(directory: string, work: () => Promise<T>): Promise<T> {
  const lock = join(directory, ".phantasm", "test-build.lock");
  mkdirSync(join(directory, ".phantasm"), { recursive: true });
  while (!taken(lock)) {
    if (!isHeld(lock)) rmSync(lock, { force: true });
    else await sleep(POLL_MS);
  }
  try {
    return await work();
  } finally {
    rmSync(lock, { force: true });
  }
}

function taken(lock: string): boolean {
  try {
    writeFileSync(lock, `${process.pid}`, { flag: "wx" });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    return false;
  }
}

/** False: whoever took it has gone without giving it back. */
function isHeld(lock: string): boolean {
  try {
    const pid = readFileSync(lock, "utf8");
    // Taken, and not yet signed.
    if (pid === "") return true;
    process.kill(Number(pid), 0);
    return true;
  } catch {
    return false;
  }
}
