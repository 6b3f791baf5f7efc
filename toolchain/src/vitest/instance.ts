/** One instance of a compiled test: it runs one case, and is thrown away. */
import { Exit, IMPORT_MODULE } from "@phantasm/abi";
import {
  TESTING_MODULE,
  readString,
  type Outcome,
  type RawFailure,
  type RawFrame,
  type TestExports,
} from "./protocol.js";
import { TRACE_FRAMES_MAX, parseFrames } from "./trace.js";
import { DomainEnd, World } from "./world.js";

/** A case as its registration describes it. */
export interface RegisteredCase {
  /** Names of the enclosing `describe`s, then its own. */
  readonly path: readonly string[];
  /** Calls that led to `test`, innermost first. */
  readonly frames: readonly RawFrame[];
}

class Mismatch extends Error {
  override readonly name: string = "AssertionError";
  readonly expected: string | null;
  readonly actual: string | null;

  constructor(message: string, actual: string | null = null, expected: string | null = null) {
    super(message);
    this.expected = expected;
    this.actual = actual;
  }
}

/** How a function handed to `expectAbort`, `expectExit` or `expectTrap` ended. */
type Ending = "abort" | "exit" | "trap" | "return";
const ENDINGS: readonly Ending[] = ["abort", "exit", "trap"];

/** Runs with enough stack frames in traces, and puts the limit back. */
function withLongTraces<T>(run: () => T): T {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = TRACE_FRAMES_MAX;
  try {
    return run();
  } finally {
    Error.stackTraceLimit = limit;
  }
}

export class TestInstance {
  readonly cases: RegisteredCase[] = [];
  readonly #log: string[] = [];
  readonly #suites: string[] = [];
  readonly #world: World;
  readonly #exports: TestExports;

  /** @throws what the top level of the test throws; `explain` turns it into a failure */
  constructor(module: WebAssembly.Module, seed: number) {
    this.#world = new World(seed, () => this.#exports.memory);
    const instance = new WebAssembly.Instance(module, this.#imports(module));
    this.#exports = instance.exports as unknown as TestExports;
  }

  /** Registers the cases; null when all went well. */
  start(): RawFailure | null {
    return this.#attempt(() => this.#exports.start());
  }

  /** Runs one case; call it once, after `start`. */
  run(index: number): Outcome {
    const failure = this.#attempt(() => this.#exports.runCase(index));
    if (this.#world.output.length > 0) this.#log.push(`console: ${this.#world.output}`);
    return { failure, log: this.#log };
  }

  #attempt(run: () => void): RawFailure | null {
    try {
      withLongTraces(run);
      return null;
    } catch (error) {
      return this.#explain(error);
    }
  }

  #explain(error: unknown): RawFailure {
    const { name, message, stack } = error instanceof Error ? error : new Error(String(error));
    const [innermost, ...frames] = parseFrames(stack);
    const place = error instanceof DomainEnd && error.place ? { place: error.place } : {};
    const seed = this.#world.entropyUsed ? ` (entropy seed ${this.#world.seed})` : "";
    return {
      name,
      message: message + seed,
      frames: innermost ? [{ ...innermost, ...place }, ...frames] : [],
      ...(error instanceof Mismatch && error.expected !== null
        ? { expected: error.expected, actual: error.actual ?? "" }
        : {}),
    };
  }

  #imports(module: WebAssembly.Module): WebAssembly.Imports {
    const served: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
      [IMPORT_MODULE]: this.#world.hypercalls,
      [TESTING_MODULE]: { ...this.#world.controls, ...this.#registration, ...this.#expectations },
      env: this.#environment,
    };
    const imports: Record<string, Record<string, WebAssembly.ImportValue>> = {};
    for (const { module: from, name } of WebAssembly.Module.imports(module)) {
      const found = served[from]?.[name] ?? absent(from, name);
      (imports[from] ??= {})[name] = found as WebAssembly.ImportValue;
    }
    return imports;
  }

  #text(pointer: number): string | null {
    return readString(this.#exports.memory, pointer);
  }

  readonly #registration = {
    describe_begin: (name: number): void => {
      this.#suites.push(this.#text(name) ?? "");
    },
    describe_end: (): void => {
      this.#suites.pop();
    },
    test: (name: number): void => {
      const { stack } = new Error();
      const path = [...this.#suites, this.#text(name) ?? ""];
      this.cases.push({ path, frames: parseFrames(stack) });
    },
  };

  readonly #expectations = {
    fail: (message: number, actual: number, expected: number): never => {
      throw new Mismatch(this.#text(message) ?? "failed", this.#text(actual), this.#text(expected));
    },
    expect_end: (body: number, kind: number, message: number, status: number): void => {
      const wanted = ENDINGS[kind] ?? "return";
      let error: unknown;
      try {
        this.#exports.callFunction(body);
      } catch (caught) {
        if (endingOf(caught) === null) throw caught;
        error = caught;
      }
      checkEnding(error, wanted, this.#text(message) ?? "", status);
    },
  };

  readonly #environment = {
    abort: (message: number, file: number, line: number, column: number): never => {
      const source = this.#text(file) ?? "";
      const text = this.#text(message) ?? "assertion failed";
      throw new DomainEnd("abort", Exit.ABORT, text, { source, line, column });
    },
    trace: (message: number, count: number, ...values: number[]): void => {
      this.#log.push([this.#text(message), ...values.slice(0, count)].join(" "));
    },
  };
}

/** Null for what is not the doing of the function, such as a check that failed inside. */
function endingOf(error: unknown): Ending | null {
  if (error === undefined) return "return";
  if (error instanceof DomainEnd) return error.kind;
  if (error instanceof WebAssembly.RuntimeError || error instanceof RangeError) return "trap";
  return null;
}

function checkEnding(error: unknown, wanted: Ending, message: string, status: number): void {
  const ending = endingOf(error);
  const text = error instanceof Error ? error.message : "";
  if (ending !== wanted) {
    const what = ending === "return" ? "it returned" : `${ending}: ${text}`;
    throw new Mismatch(`expected ${wanted}, but ${what}`);
  }
  if (error instanceof DomainEnd && wanted === "exit" && error.status !== status)
    throw new Mismatch("expected another status", String(error.status), String(status));
  if (wanted !== "exit" && !text.includes(message))
    throw new Mismatch(`expected the message of the ${wanted} to include`, text, message);
}

/** An import nobody serves fails when it is called: linked code that is not reached does no harm. */
function absent(from: string, name: string): () => never {
  return () => {
    throw new Error(
      from === IMPORT_MODULE
        ? `${name}: a unit test has no devices; test the driver in a virtual-time domain`
        : `nothing provides the import ${from}.${name}`,
    );
  };
}
