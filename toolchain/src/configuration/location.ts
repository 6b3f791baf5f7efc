/** Where in the configuration something was written, found when an error needs it. */

/** The stack at the place where a combinator was called; resolving it is left for errors. */
export class Location {
  readonly #stack: string;

  private constructor(stack: string) {
    this.#stack = stack;
  }

  /** Captures the caller's stack. */
  static here(): Location {
    const limit = Error.stackTraceLimit;
    Error.stackTraceLimit = 20;
    const location = new Location(new Error().stack ?? "");
    Error.stackTraceLimit = limit;
    return location;
  }

  /** Text of the captured stack, innermost frame first. */
  get stack(): string {
    return this.#stack;
  }
}

/** A mistake in the configuration: what is wrong, and the place it was written at. */
export class ConfigurationError extends Error {
  override readonly name = "ConfigurationError";
  readonly location: Location;
  /** The key in the configuration that the message is about. */
  readonly key: string | undefined;

  /** @param key looked for behind the place that called the combinator which throws */
  constructor(message: string, key?: string) {
    super(message);
    this.location = Location.here();
    this.key = key;
  }
}
