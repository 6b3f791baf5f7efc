import { SealError } from "./error.js";
import { escapeTerminal, quote } from "./escape.js";
import type { VerifiedImage } from "./image.js";

// The platform's declarations are not loaded here; this is the part that is used.
declare const WebAssembly: {
  readonly Module: {
    imports(module: object): Listed[];
    exports(module: object): Listed[];
  };
};

interface Listed {
  readonly kind: string;
  readonly name: string;
  readonly module?: string;
}

function describe({ module, name, kind }: Listed): string {
  return `${kind} ${quote(module === undefined ? name : `${module}.${name}`)}`;
}

function compare(what: string, ours: readonly Listed[], theirs: readonly Listed[]): void {
  for (let at = 0; at < Math.max(ours.length, theirs.length); at++) {
    const [mine, other] = [ours[at], theirs[at]];
    if (mine?.name === other?.name && mine?.module === other?.module && mine?.kind === other?.kind)
      continue;
    throw new SealError(
      "engine-disagrees",
      `${what} ${String(at)} is ${mine ? describe(mine) : "not there"} for the verifier, but ${other ? describe(other) : "not there"} for the engine`,
    );
  }
}

/**
 * Refuses a module in which the engine found other imports or exports than the verifier. The host
 * calls it with what it compiled from `verified.bytes`, before it instantiates.
 *
 * @param module a WebAssembly.Module
 * @throws SealError `engine-disagrees`
 */
export function checkCompiled(module: object, verified: VerifiedImage): void {
  compare("import", verified.imports, WebAssembly.Module.imports(module));
  compare("export", verified.exports, WebAssembly.Module.exports(module));
}

/**
 * What the engine threw when it compiled `verified.bytes`, as a refusal: operand types and indices are
 * its business, and a hostile image may be wrong there too. Anything else comes back as it is.
 */
export function engineRefusal(error: unknown): unknown {
  if (!(error instanceof Error) || error.name !== "CompileError") return error;
  // "WebAssembly.Module(): Compiling function #5 failed: …": only what follows says something.
  const reason = error.message.replace(/^WebAssembly\.\w+\(\): /, "");
  return new SealError("engine-refuses", `the engine refuses it: ${escapeTerminal(reason)}`);
}
