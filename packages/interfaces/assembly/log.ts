/**
 * What happens inside, told line by line to whoever operates the image.
 *
 * Each part has a source of its own, such as `dns`, and writes through its Logger. Which levels appear
 * is the operator's choice at boot. Lines are not data: they may be dropped when output cannot keep up
 * (the number is reported), they are not secret, and their form may change.
 */

/** Levels, the rarest first. A source at one level also writes the levels before it. */
export namespace LogLevel {
  export const OFF: i32 = 0;
  /** Something did not work, and somebody should know. */
  export const ERROR: i32 = 1;
  /** Odd, or soon an error; it works. */
  export const WARNING: i32 = 2;
  /** What the operator would like to have read later: booted, configured, ended. */
  export const INFO: i32 = 3;
  /** Each step of the work. */
  export const DEBUG: i32 = 4;
}

/** The loudest lines this image has: `logging({ maximum: "info" })` compiles the calls for others out. */
export const LOG_LEVEL_MAX: i32 = isDefined(LOG_MAXIMUM) ? LOG_MAXIMUM : LogLevel.DEBUG;

/**
 * True if debug lines are part of the image. Without it a call of `debug` costs nothing at all, except for
 * the text of its message: `if (DEBUG_LINES)` in front leaves that out too.
 */
export const DEBUG_LINES: bool = LOG_LEVEL_MAX >= LogLevel.DEBUG;

/** Where lines end up. Implemented by a log, called by its loggers. */
export interface LogSink {
  /** Writes or drops one line; `text` may hold anything, also control characters. */
  put(level: i32, source: string, text: string): void;
}

/** Hands out loggers. */
export interface Log {
  /**
   * The logger of a source: lower-case letters, digits and hyphens. Its level is what the operator said
   * for the name, else for all. Ask once and keep it.
   */
  source(name: string): Logger;
}

/** In the place of a value that was not given. */
class Absent {}

// @ts-ignore: decorator
@inline
function absent<T>(): T {
  return isReference<T>() ? changetype<T>(0) : <T>0;
}

/**
 * Writes the lines of one source.
 *
 * A message may have up to three values, which replace `{}` in their order: `debug("{} of {}", a, b)`.
 * Numbers, strings and whatever has `toString` will do. They are turned into text only if the line is
 * written: below the level, a call is one load and one comparison.
 */
export class Logger {
  /**
   * @param name of the source
   * @param level one of LogLevel; may be changed later
   */
  constructor(
    readonly name: string,
    private readonly sink: LogSink,
    public level: i32,
  ) {}


  @inline
  error<A = Absent, B = Absent, C = Absent>(
    message: string,
    a: A = absent<A>(),
    b: B = absent<B>(),
    c: C = absent<C>(),
  ): void {
    if (LOG_LEVEL_MAX >= LogLevel.ERROR && this.level >= LogLevel.ERROR)
      this.line<A, B, C>(LogLevel.ERROR, message, a, b, c);
  }


  @inline
  warning<A = Absent, B = Absent, C = Absent>(
    message: string,
    a: A = absent<A>(),
    b: B = absent<B>(),
    c: C = absent<C>(),
  ): void {
    if (LOG_LEVEL_MAX >= LogLevel.WARNING && this.level >= LogLevel.WARNING)
      this.line<A, B, C>(LogLevel.WARNING, message, a, b, c);
  }


  @inline
  info<A = Absent, B = Absent, C = Absent>(
    message: string,
    a: A = absent<A>(),
    b: B = absent<B>(),
    c: C = absent<C>(),
  ): void {
    if (LOG_LEVEL_MAX >= LogLevel.INFO && this.level >= LogLevel.INFO)
      this.line<A, B, C>(LogLevel.INFO, message, a, b, c);
  }


  @inline
  debug<A = Absent, B = Absent, C = Absent>(
    message: string,
    a: A = absent<A>(),
    b: B = absent<B>(),
    c: C = absent<C>(),
  ): void {
    if (LOG_LEVEL_MAX >= LogLevel.DEBUG && this.level >= LogLevel.DEBUG)
      this.line<A, B, C>(LogLevel.DEBUG, message, a, b, c);
  }

  private line<A, B, C>(level: i32, message: string, a: A, b: B, c: C): void {
    const text = fill(message, textOf<A>(a), textOf<B>(b), textOf<C>(c));
    this.sink.put(level, this.name, text);
  }
}

/** Null for a value that was not given. */
function textOf<T>(value: T): string | null {
  if (isReference<T>()) {
    if (idof<nonnull<T>>() == idof<Absent>()) return null;
    if (changetype<usize>(value) == 0) return "null";
    return textOfObject<nonnull<T>>(value!);
  }
  return value.toString();
}

function textOfObject<T>(value: T): string {
  return value.toString();
}

/** Puts the values in the places of `{}`; those that find none follow at the end. */
function fill(message: string, a: string | null, b: string | null, c: string | null): string {
  let text = "";
  let start = 0;
  for (let i = 0; i < 3; i++) {
    const value = i == 0 ? a : i == 1 ? b : c;
    if (value === null) break;
    const place = message.indexOf("{}", start);
    if (place < 0) {
      text += message.substring(start) + " " + value;
      start = message.length;
    } else {
      text += message.substring(start, place) + value;
      start = place + 2;
    }
  }
  return text + message.substring(start);
}
