/** Where a command writes: what programs read to `out`, what people read to `say`. */
import { basename } from "node:path";

/** Adds colour where there is a terminal that shows it; otherwise the text as it is. */
export interface Style {
  bold(text: string): string;
  dim(text: string): string;
  red(text: string): string;
  green(text: string): string;
  yellow(text: string): string;
  cyan(text: string): string;
}

export interface Terminal {
  /** The result, to standard output. */
  out(text: string): void;
  /** Waits until `out` takes more. False: its reader has gone away. */
  ready(): Promise<boolean>;
  /** Messages, to standard error. */
  say(text: string): void;
  /** For text that goes to `out`. */
  readonly outStyle: Style;
  /** For text that goes to `say`. */
  readonly sayStyle: Style;
  /** Standard error is a terminal: a line there may be replaced. */
  readonly interactive: boolean;
  /** Width of standard output, in characters. */
  readonly columns: number;
  /** How this program is called from the shell: `phantasm` or `npx phantasm`. */
  readonly program: string;
}

/** The part of `process.stdout` that matters here. */
export interface TextStream {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
  /** Absent: it always takes more. */
  readonly writableNeedDrain?: boolean;
  on?(event: "drain" | "error", listener: () => void): unknown;
}

type Environment = Readonly<Record<string, string | undefined>>;

const COLUMNS_DEFAULT = 80;
const COLUMNS_MAX = 120;

function style(enabled: boolean): Style {
  const paint = (start: number, end: number) =>
    enabled
      ? (text: string): string => `\u001b[${start}m${text}\u001b[${end}m`
      : (text: string): string => text;
  return {
    bold: paint(1, 22),
    dim: paint(2, 22),
    red: paint(31, 39),
    green: paint(32, 39),
    yellow: paint(33, 39),
    cyan: paint(36, 39),
  };
}

/** https://no-color.org: present and not empty. */
function showsColour(stream: TextStream, environment: Environment): boolean {
  return stream.isTTY === true && !environment["NO_COLOR"] && environment["TERM"] !== "dumb";
}

/** A clone or a project calls the command through npx; an installed one by its name. */
function programName(script: string | undefined, environment: Environment): string {
  const installed = basename(script ?? "") === "phantasm" && !environment["npm_command"];
  return installed ? "phantasm" : "npx phantasm";
}

/** Tells when a stream takes more. It is asked from the beginning: standard output forgets its errors. */
function readiness(stream: TextStream): () => Promise<boolean> {
  let gone = false;
  let wake = (): void => undefined;
  stream.on?.("error", () => {
    gone = true;
    wake();
  });
  stream.on?.("drain", () => wake());
  return async () => {
    // An error of the write before is told in a later turn.
    await new Promise<void>((resolve) => setImmediate(resolve));
    if (!gone && stream.writableNeedDrain === true)
      await new Promise<void>((resolve) => (wake = resolve));
    return !gone;
  };
}

/** @param script path of the running script, `process.argv[1]` */
export function terminal(
  stdout: TextStream,
  stderr: TextStream,
  environment: Environment,
  script?: string,
): Terminal {
  return {
    out: (text) => void stdout.write(text),
    ready: readiness(stdout),
    say: (text) => void stderr.write(text),
    outStyle: style(showsColour(stdout, environment)),
    sayStyle: style(showsColour(stderr, environment)),
    interactive: stderr.isTTY === true && environment["TERM"] !== "dumb",
    columns: Math.min(stdout.columns ?? COLUMNS_DEFAULT, COLUMNS_MAX),
    program: programName(script, environment),
  };
}
