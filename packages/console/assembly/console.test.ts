import { ConsoleReader, ConsoleWriter, LineReader } from "@phantasm/interfaces";
import { describe, expect, expectAbort, expectExit, test, world } from "@phantasm/testing";
import { dispatch, enter, exit, leave } from "@phantasm/runtime";
import { HostConsole } from "./console";

/** One step of the domain; returns its deadline. */
function step(): i64 {
  enter(world.now(), 0);
  dispatch();
  return leave();
}

/** Types the text in a few bytes at a time, with a step after each. */
function feedPieces(text: string): void {
  for (let i = 0; i < text.length; i += 5) {
    feed(text.substring(i, i + 5));
    step();
  }
}

function feed(text: string): void {
  world.consoleInput(text);
}

class Lines implements LineReader {
  lines: string[] = [];
  ended: i32 = 0;
  stopAt: string = "stop";
  exitAt: string = "exit";

  constructor(private readonly console: HostConsole) {}

  onLine(line: string): void {
    this.lines.push(line);
    if (line == this.stopAt) this.console.stopReading();
    if (line == this.exitAt) exit(3);
  }

  onEnd(): void {
    this.ended++;
  }
}

class Bytes implements ConsoleReader {
  text: string = "";
  chunks: i32 = 0;
  ended: i32 = 0;

  onInput(bytes: Uint8Array, length: i32): void {
    this.text += String.UTF8.decodeUnsafe(bytes.dataStart, length);
    this.chunks++;
  }

  onEnd(): void {
    this.ended++;
  }
}

class Writer implements ConsoleWriter {
  calls: i32 = 0;
  static order: string = "";

  constructor(private readonly name: string = "") {}

  onWritable(): void {
    this.calls++;
    Writer.order += this.name;
  }
}

const host: HostConsole = new HostConsole(256, 64);

describe("lines", () => {
  test("across chunks, empty ones too, and the last without a line feed", () => {
    const lines = new Lines(host);
    host.readLines(lines);
    feedPieces("first line\n\nthird\nlast");
    expect(step()).toBe(i64.MAX_VALUE);
    expect(lines.lines).toEqual(["first line", "", "third"]);
    world.endConsoleInput();
    expectExit(() => {
      step();
    }, 0);
    expect(lines.lines).toEqual(["first line", "", "third", "last"]);
    expect(lines.ended).toBe(1);
  });

  test("a carriage return stays", () => {
    const lines = new Lines(host);
    host.readLines(lines);
    feed("dos\r\nunix\n");
    step();
    expect(lines.lines).toEqual(["dos\r", "unix"]);
  });

  test("input without anything: only its end", () => {
    const lines = new Lines(host);
    host.readLines(lines);
    world.endConsoleInput();
    expectExit(() => {
      step();
    }, 0);
    expect(lines.lines.length).toBe(0);
    expect(lines.ended).toBe(1);
  });

  test("the longest line passes, one byte more ends the domain", () => {
    const lines = new Lines(host);
    host.readLines(lines);
    feed("x".repeat(64) + "\n");
    step();
    expect(lines.lines[0].length).toBe(64);
    feed("x".repeat(65));
    expectAbort(() => {
      step();
    }, "raise console({ lineBytes })");
  });

  test("a line longer than the buffer", () => {
    const big = new HostConsole(256, 10_000);
    const lines = new Lines(big);
    big.readLines(lines);
    world.consoleInput("short\n" + "y".repeat(10_000) + "\nafter\n");
    for (let i = 0; i < 3; i++) step();
    expect(lines.lines.length).toBe(3);
    expect(lines.lines[1].length).toBe(10_000);
    expect(lines.lines[2]).toBe("after");
  });

  test("after stopReading no line comes, and the next reader gets the rest", () => {
    const lines = new Lines(host);
    host.readLines(lines);
    feed("one\nstop\ntwo\nthree");
    expectExit(() => {
      step();
    }, 0);
    expect(lines.lines).toEqual(["one", "stop"]);
    const bytes = new Bytes();
    host.read(bytes);
    step();
    expect(bytes.text).toBe("two\nthree");
  });

  test("a line that was begun is kept for the next reader of lines", () => {
    const lines = new Lines(host);
    host.readLines(lines);
    feed("beg");
    step();
    host.stopReading();
    const next = new Lines(host);
    host.readLines(next);
    feed("un\n");
    step();
    expect(lines.lines.length).toBe(0);
    expect(next.lines).toEqual(["begun"]);
  });

  test("after exit no handler is called", () => {
    const lines = new Lines(host);
    host.readLines(lines);
    feed("exit\nmore\n");
    world.endConsoleInput();
    expectExit(() => {
      step();
    }, 3);
    expect(lines.lines).toEqual(["exit"]);
    expect(lines.ended).toBe(0);
  });
});

describe("bytes", () => {
  test("arrive as they are", () => {
    const bytes = new Bytes();
    host.read(bytes);
    expect(leave()).toBe(0);
    world.consoleInput("a\r\nb");
    expect(step()).toBe(i64.MAX_VALUE);
    expect(bytes.text).toBe("a\r\nb");
    expect(bytes.ended).toBe(0);
  });

  test("a flood does not keep the step", () => {
    const bytes = new Bytes();
    host.read(bytes);
    world.consoleInput("z".repeat(400_000));
    expect(step()).toBe(0);
    expect(bytes.chunks).toBe(64);
    expect(step()).toBe(i64.MAX_VALUE);
    expect(bytes.text.length).toBe(400_000);
  });

  test("a second reader is a mistake", () => {
    host.read(new Bytes());
    expectAbort(() => {
      host.readLines(new Lines(host));
    }, "stopReading first");
  });
});

describe("output", () => {
  test("text becomes UTF-8, and half a surrogate pair a replacement", () => {
    host.writeLine("€😀");
    host.write(String.fromCharCode(0xd83d));
    expect(world.takeConsoleOutput()).toBe("€😀\n\ufffd");
  });

  test("the domain ends when the host has taken all", () => {
    world.limitConsoleOutput(2);
    host.write("text");
    expect(leave()).toBe(i64.MAX_VALUE);
    world.limitConsoleOutput(-1);
    expectExit(() => {
      step();
    }, 0);
    expect(world.takeConsoleOutput()).toBe("text");
  });

  test("a full queue refuses, and every waiter is told once, in order", () => {
    world.limitConsoleOutput(0);
    expect(host.write("x".repeat(200))).toBe(true);
    expect(host.write("y".repeat(57))).toBe(false);
    const a = new Writer("a");
    const b = new Writer("b");
    host.whenWritable(a);
    host.whenWritable(b);
    step();
    expect(a.calls).toBe(0);
    world.limitConsoleOutput(-1);
    expectExit(() => {
      step();
    }, 0);
    expect(Writer.order).toBe("ab");
    expect(world.takeConsoleOutput().length).toBe(200);
  });

  test("writeBytes takes a part, and refuses a range outside the array", () => {
    world.limitConsoleOutput(0);
    const bytes = new Uint8Array(300);
    expect(host.writeBytes(bytes, 10, 290)).toBe(256);
    expect(host.writeBytes(bytes, 300, 0)).toBe(0);
    expectAbort(() => {
      host.writeBytes(new Uint8Array(4), 2, 3);
    }, "beyond the array");
  });
});
