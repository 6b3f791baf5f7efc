/**
 * Checks what an editor says about AssemblyScript sources: `npm run check:editor`.
 *
 * The TypeScript compiler reads them by tsconfig.assembly.json. It must find nothing, except the
 * error codes that assemblyscript-exceptions.json lists for a file, each of which must occur.
 */
import { readFileSync } from "node:fs";
import { relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/**
 * What the compiler finds, in the order of the files.
 * @param {string} config path of the tsconfig
 * @param {string} root folder that the reported paths are relative to
 * @returns {{ file: string, line: number, column: number, code: number, message: string }[]}
 */
export function findings(config, root = ROOT) {
  const host = { ...ts.sys, onUnRecoverableConfigFileDiagnostic: fail };
  const parsed = ts.getParsedCommandLineOfConfigFile(config, {}, host);
  const program = ts.createProgram(parsed.fileNames, parsed.options);
  return [...parsed.errors, ...ts.getPreEmitDiagnostics(program)].map((diagnostic) => {
    const { file, start = 0, code, messageText } = diagnostic;
    const place = file?.getLineAndCharacterOfPosition(start) ?? { line: 0, character: 0 };
    return {
      file: relative(root, file?.fileName ?? config).replaceAll(sep, "/"),
      line: place.line + 1,
      column: place.character + 1,
      code,
      message: ts.flattenDiagnosticMessageText(messageText, "\n  "),
    };
  });
}

/**
 * Compares findings with the list of exceptions.
 * @param {ReturnType<typeof findings>} found
 * @param {Record<string, number[]>} exceptions file to the error codes it may show
 * @returns {string[]} complaints, one line each; none when all is well
 */
export function complaints(found, exceptions) {
  const unexpected = found
    .filter(({ file, code }) => !(exceptions[file] ?? []).includes(code))
    .map(
      ({ file, line, column, code, message }) => `${file}:${line}:${column} TS${code}: ${message}`,
    );
  const unused = Object.entries(exceptions).flatMap(([file, codes]) =>
    codes
      .filter((code) => !found.some((one) => one.file === file && one.code === code))
      .map((code) => `${file}: TS${code} no longer occurs; remove it from the exceptions`),
  );
  return [...unexpected, ...unused];
}

/** @param {ts.Diagnostic} diagnostic */
function fail(diagnostic) {
  throw new Error(ts.flattenDiagnosticMessageText(diagnostic.messageText, "\n"));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const exceptions = JSON.parse(
    readFileSync(new URL("assemblyscript-exceptions.json", import.meta.url), "utf8"),
  );
  const lines = complaints(findings(`${ROOT}tsconfig.assembly.json`), exceptions);
  for (const line of lines) console.error(line);
  if (lines.length > 0) process.exitCode = 1;
}
