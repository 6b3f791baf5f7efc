// Runs an image as `phantasm run` does: run-image.mjs '{"imagePath": …}'
import { runIsolated } from "../dist/isolated/index.js";

process.exitCode = await runIsolated(JSON.parse(process.argv[2] ?? "{}"));
