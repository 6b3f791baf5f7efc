/** What is wrong with zone files: collected, so that one build shows more than the first. */

export interface Position {
  readonly line: number;
  readonly column: number;
}

const SHOWN_MAX = 20;

export class Problems {
  readonly #errors: string[] = [];
  readonly #warnings: string[] = [];

  error(file: string, { line, column }: Position, message: string): void {
    this.#errors.push(`${file}:${line}:${column}: ${message}`);
  }

  warning(file: string, { line, column }: Position, message: string): void {
    this.#warnings.push(`${file}:${line}:${column}: ${message}`);
  }

  get errors(): readonly string[] {
    return this.#errors;
  }

  get warnings(): readonly string[] {
    return this.#warnings;
  }

  /** More are not worth looking for. */
  get tooMany(): boolean {
    return this.#errors.length >= SHOWN_MAX;
  }
}
