/** Images of the repository's own folders. */
import { relative } from "node:path";
import { ensureBuilt } from "../../toolchain/dist/build.js";

/**
 * Builds what a folder describes, unless it is up to date, and returns the path of the image. A warning of the
 * compiler is a failure: who builds an image with our packages should see none.
 */
export async function builtImage(directory: string): Promise<string> {
  const { path, result } = await ensureBuilt(directory);
  const warnings = result?.warnings ?? [];
  if (warnings.length > 0) {
    const list = warnings.map((warning) => JSON.stringify(warning)).join("\n");
    throw new Error(`${relative(process.cwd(), directory)} builds with warnings:\n${list}`);
  }
  return path;
}
