/** Projects made for one test, outside the checkout, removed when it ends. */
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { BuildError, formatDiagnostic } from "../../toolchain/dist/diagnostics.js";

export interface Project extends Disposable {
  readonly directory: string;
  write(files: Readonly<Record<string, string>>): void;
}

/** @param files text by path below the project's folder */
export function project(files: Readonly<Record<string, string>>): Project {
  const directory = realpathSync(mkdtempSync(join(tmpdir(), "phantasm-test-")));
  const write = (more: Readonly<Record<string, string>>): void => {
    for (const [name, text] of Object.entries(more)) {
      mkdirSync(dirname(join(directory, name)), { recursive: true });
      writeFileSync(join(directory, name), text);
    }
  };
  write(files);
  return {
    directory,
    write,
    [Symbol.dispose]: () => {
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** What a user reads when a build fails; fails the test when it does not. */
export async function diagnosticsOf(directory: string, work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (error) {
    if (!(error instanceof BuildError)) throw error;
    return error.diagnostics
      .map((diagnostic) => formatDiagnostic(diagnostic, directory))
      .join("\n");
  }
  throw new Error("the build succeeded, but was expected to fail");
}

export const HELLO_MAIN = `import { Devices } from "./.phantasm/devices";

export function main(os: Devices): void {
  os.console.writeLine("Hello");
}
`;

export const HELLO_CONFIGURATION = `import { console } from "@phantasm/console";
import { unikernel } from "phantasm";

export default unikernel("hello", { devices: { console: console() } });
`;
