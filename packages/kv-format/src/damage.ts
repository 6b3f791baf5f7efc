/** What is wrong, and where: a value to collect, or an error to stop at. */

export class Damage extends Error {
  override readonly name = "Damage";
  /** `page 4711 (leaf, reached from page 812)`, `log unit 17`. */
  readonly where: string;
  readonly what: string;

  constructor(where: string, what: string) {
    super(`${where}: ${what}`);
    this.where = where;
    this.what = what;
  }
}

/** No store can be opened here. The message is a sentence about the device. */
export class NoStoreError extends Error {
  override readonly name = "NoStoreError";
}
