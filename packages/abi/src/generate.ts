/** Writes the files derived from the specification: `npm run generate`. */
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { assemblyDeclarations, referencePage } from "./render.js";

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

writeFileSync(at("../assembly/index.ts"), assemblyDeclarations());
writeFileSync(at("../../../docs/reference/abi.md"), referencePage());
