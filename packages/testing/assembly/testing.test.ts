import {
  arguments as readArguments,
  console_read,
  console_write,
  entropy,
  exit,
  monotonic_clock,
  wall_clock,
  Errno,
} from "@phantasm/abi";
import { describe, expect, expectAbort, expectExit, expectTrap, test, world } from "./index";
import { render } from "./render";

class Point {
  constructor(
    public x: i32,
    public y: i32,
  ) {}


  @operator("==")
  private static equals(a: Point, b: Point): bool {
    return a.x == b.x && a.y == b.y;
  }

  toString(): string {
    return `(${this.x}, ${this.y})`;
  }
}

class Plain {}

let counter = 0;

describe("expect", () => {
  test("compares numbers of every type", () => {
    expect(1 + 1).toBe(2);
    expect<u8>(255).toBe(255);
    expect<i64>(i64.MIN_VALUE).toBe(i64.MIN_VALUE);
    expect<u64>(u64.MAX_VALUE).toBeGreaterThan(1);
    expect<f32>(0.5).toBe(0.5);
    expect(f64.NaN).toBe(f64.NaN);
    expect(0.1 + 0.2).not.toBe(0.3);
    expect(0.1 + 0.2).toBeCloseTo(0.3);
    expect(1.0).not.toBeCloseTo(1.01);
    expect(f64.POSITIVE_INFINITY).toBeCloseTo(f64.POSITIVE_INFINITY);
    expect(3).toBeGreaterThanOrEqual(3);
    expect(3).toBeLessThanOrEqual(3);
    expect(-1).toBeLessThan(0);
    expect(true).toBe(true);
  });

  test("compares strings by content", () => {
    expect("a" + "b").toBe("ab");
    expect("a").not.toBe("b");
    expect<string | null>(null).toBeNull();
    expect<string | null>("a").not.toBe(null);
  });

  test("compares objects by identity or by content", () => {
    const list: i32[] = [1, 2];
    expect(list).toBe(list);
    expect(list).not.toBe([1, 2]);
    expect(list).toEqual([1, 2]);
    expect(list).not.toEqual([1, 3]);
    expect(list).not.toEqual([1]);
    expect(list).toHaveLength(2);
    expect([[1], [2, 3]]).toEqual([[1], [2, 3]]);
    expect(["a", "b"]).toEqual(["a", "b"]);
    expect(String.UTF8.encode("a")).toEqual(String.UTF8.encode("a"));
    expect(String.UTF8.encode("a")).not.toEqual(String.UTF8.encode("b"));
    expect(new Point(1, 2)).toEqual(new Point(1, 2));
    expect(new Point(1, 2)).not.toEqual(new Point(2, 1));
    expect<Point | null>(null).not.toEqual(new Point(2, 1));
  });
});

test("expect knows what is true, false and null", () => {
  expect("").toBeFalsy();
  expect(0).toBeFalsy();
  expect("a").toBeTruthy();
  expect(f64.NaN).toBeFalsy();
  expect<Plain | null>(null).toBeNull();
  expect<Plain | null>(new Plain()).not.toBeNull();
});

describe("a failure shows", () => {
  test("numbers, strings, lists and objects", () => {
    expect(render<i32>(-1)).toBe("-1");
    expect(render<bool>(true)).toBe("true");
    expect(render<string>("a")).toBe('"a"');
    expect(render<string | null>(null)).toBe("null");
    expect(render<string[]>(["a", "b"])).toBe('["a", "b"]');
    expect(render<ArrayBuffer>(String.UTF8.encode("ab"))).toBe("ArrayBuffer [97, 98]");
    expect(render<Point>(new Point(1, 2))).toBe("(1, 2)");
    expect(render<Plain>(new Plain())).toBe("Plain");
    expect(render<StaticArray<u8>>(new StaticArray<u8>(70)).endsWith(", … 6 more]")).toBeTruthy();
  });
});

describe("the end of a domain", () => {
  test("abort, with its message", () => {
    expectAbort(() => {
      assert(counter == 1, "counter is " + counter.toString());
    }, "counter is 0");
    expectAbort(() => {
      throw new Error("thrown");
    }, "thrown");
    expectAbort(() => {
      new Array<i32>(2).at(5);
    }, "out of range");
  });

  test("exit, with its status", () => {
    expectExit(() => {
      exit(3);
    }, 3);
  });

  test("trap", () => {
    expectTrap(() => {
      unreachable();
    }, "unreachable");
    expectTrap(() => {
      load<u8>(usize.MAX_VALUE);
    }, "out of bounds");
    expectTrap(() => {
      endless(0);
    }, "call stack");
  });
});

function endless(depth: i32): i32 {
  return endless(depth + 1) + 1;
}

describe("each case", () => {
  test("has its own globals", () => {
    expect(++counter).toBe(1);
  });

  test("whatever the one before did", () => {
    expect(++counter).toBe(1);
  });
});

// Cases may come from a loop.
for (let i = 0; i < 2; i++) {
  test("loop " + i.toString(), () => {
    expect(counter).toBe(0);
  });
}

describe("the world", () => {
  test("keeps time until the case moves it", () => {
    const SECOND: i64 = 1_000_000_000;
    const wall = wall_clock();
    expect(world.now()).toBe(0);
    expect(world.advance(SECOND)).toBe(SECOND);
    expect(monotonic_clock()).toBe(SECOND);
    expect(wall_clock() - wall).toBe(SECOND);
    world.setWallClock(5);
    expect(wall_clock()).toBe(5);
    expect(world.now()).toBe(SECOND);
  });

  test("gives entropy that is the same each time", () => {
    const bytes = new StaticArray<u8>(4);
    entropy(changetype<usize>(bytes), bytes.length);
    expect(bytes).toEqual([114, 240, 253, 57]);
    entropy(changetype<usize>(bytes), bytes.length);
    expect(bytes).not.toEqual([114, 240, 253, 57]);
  });

  test("holds the console", () => {
    const text = String.UTF8.encode("hello");
    const into = new StaticArray<u8>(8);
    expect(console_read(changetype<usize>(into), 8)).toBe(Errno.AGAIN);
    world.consoleInput("hi");
    expect(console_read(changetype<usize>(into), 8)).toBe(2);
    expect(into[1]).toBe(0x69);
    world.endConsoleInput();
    expect(console_read(changetype<usize>(into), 8)).toBe(0);

    world.limitConsoleOutput(3);
    expect(console_write(changetype<usize>(text), 5)).toBe(3);
    expect(console_write(changetype<usize>(text), 5)).toBe(Errno.AGAIN);
    expect(world.takeConsoleOutput()).toBe("hel");
    expect(world.takeConsoleOutput()).toBe("");
  });

  test("carries arguments", () => {
    expect(readArguments(0, 0)).toBe(0);
    const encoded = new Uint8Array(2);
    encoded[1] = 7;
    world.setArguments(encoded);
    const into = new StaticArray<u8>(2);
    expect(readArguments(changetype<usize>(into), 2)).toBe(2);
    expect(into).toEqual([0, 7]);
  });

  test("ends the domain for a wild pointer", () => {
    expectAbort(() => {
      console_write(usize.MAX_VALUE - 4, 8);
    }, "console_write: ptr 0xfffffffb and 8 bytes reach beyond the memory");
  });
});
