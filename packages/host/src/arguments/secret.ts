/** A boot argument that is never printed. */
import { readFileSync } from "node:fs";
import { ValueProblem } from "./problem.js";

const REDACTED = "[secret]";

/** Holds text and gives it to nobody by accident: string conversion, JSON and inspection say `[secret]`. */
export class Secret {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  /**
   * Takes what the operator wrote: `@FILE` and `@fd:N` (or `fd:N`) are read, anything else is the
   * secret itself. One line end at the end of a file is not part of it.
   *
   * @throws ValueProblem when the file cannot be read
   */
  static read(text: string): Secret {
    const descriptor = /^@?fd:(\d{1,6})$/.exec(text);
    if (descriptor !== null) return new Secret(readSource(Number(descriptor[1])));
    if (text.startsWith("@")) return new Secret(readSource(text.slice(1)));
    return new Secret(text);
  }

  /** The text itself. Only the encoder has a reason to ask. */
  reveal(): string {
    return this.#text;
  }

  toString(): string {
    return REDACTED;
  }

  toJSON(): string {
    return REDACTED;
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return REDACTED;
  }
}

function readSource(source: string | number): string {
  try {
    return readFileSync(source, "utf8").replace(/\r?\n$/, "");
  } catch (error) {
    const reason = error instanceof Error ? error.message.split(",")[0] : String(error);
    const name = typeof source === "number" ? `descriptor ${source}` : source;
    throw new ValueProblem(`cannot be read from ${name} (${reason})`);
  }
}
