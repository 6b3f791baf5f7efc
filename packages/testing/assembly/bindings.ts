// What the vitest plug-in serves to a test, besides the hypercalls. Strings cross as references.

// @ts-ignore: decorator
@external("phantasm-testing", "describe_begin")
export declare function describeBegin(name: string): void;

// @ts-ignore: decorator
@external("phantasm-testing", "describe_end")
export declare function describeEnd(): void;

// @ts-ignore: decorator
@external("phantasm-testing", "test")
export declare function registerTest(name: string): void;

/** Ends the case; never returns. `actual` and `expected` are for the diff. */
// @ts-ignore: decorator
@external("phantasm-testing", "fail")
export declare function failCase(
  message: string,
  actual: string | null,
  expected: string | null,
): void;

/** Calls a function value and ends the case unless it ends as `kind` says; see `Ending`. */
// @ts-ignore: decorator
@external("phantasm-testing", "expect_end")
export declare function expectEnd(body: u32, kind: i32, message: string, status: i32): void;

// @ts-ignore: decorator
@external("phantasm-testing", "now")
export declare function now(): i64;

// @ts-ignore: decorator
@external("phantasm-testing", "advance")
export declare function advance(ns: i64): void;

// @ts-ignore: decorator
@external("phantasm-testing", "set_wall_clock")
export declare function setWallClock(ns: i64): void;

// @ts-ignore: decorator
@external("phantasm-testing", "set_arguments")
export declare function setArguments(ptr: usize, length: i32): void;

// @ts-ignore: decorator
@external("phantasm-testing", "console_room")
export declare function consoleRoom(bytes: i32): void;

// @ts-ignore: decorator
@external("phantasm-testing", "console_input")
export declare function consoleInput(ptr: usize, length: i32): void;

// @ts-ignore: decorator
@external("phantasm-testing", "console_end")
export declare function consoleEnd(): void;

// @ts-ignore: decorator
@external("phantasm-testing", "console_output_bytes")
export declare function consoleOutputBytes(): i32;

/** Fills a buffer of consoleOutputBytes(), and forgets what it gave. */
// @ts-ignore: decorator
@external("phantasm-testing", "console_output")
export declare function consoleOutput(ptr: usize): void;
