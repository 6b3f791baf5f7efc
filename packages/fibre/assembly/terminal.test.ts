import { describe, expect, expectExit, test, world } from "@phantasm/testing";
import { LineReader } from "@phantasm/interfaces";
import { HostConsole } from "@phantasm/console";
import { CANCELLED, CLOSED, Fibre, TIMED_OUT, Terminal, sleep, spawn, yieldNow } from "./index";
import { keep, said, say, settle, step } from "./testing";

let console: HostConsole | null = null;

function terminal(outputBytes: i32 = 16): Terminal {
  const made = new HostConsole(outputBytes, 256);
  console = made;
  return new Terminal(made);
}

/** Reads some lines, and waits after each. */
class Reads extends Fibre {
  constructor(
    name: string,
    private readonly terminal: Terminal,
    private readonly lines: i32,
    private readonly ns: i64 = 0,
    private readonly deadlineNs: i64 = i64.MAX_VALUE,
  ) {
    super(name);
  }

  run(): i32 {
    for (let i = 0; i < this.lines; i++) {
      const line = this.terminal.readLine(this.deadlineNs);
      if (line === null) {
        say(`${this.name}${this.terminal.outcome}`);
        return this.terminal.outcome;
      }
      say(`${this.name}:${line}`);
      if (this.ns > 0) sleep(this.ns);
    }
    return 0;
  }
}

describe("readLine", () => {
  test("reads lines in order, until the end of input", () => {
    keep();
    spawn(new Reads("r", terminal(), 10));
    settle();
    world.consoleInput("one\ntwo\nthr");
    settle();
    expect(said()).toBe("r:one r:two");
    world.consoleInput("ee\nlast");
    world.endConsoleInput();
    settle();
    expect(said()).toBe(`r:three r:last r${CLOSED}`);
  });

  test("returns the end to everybody, and again", () => {
    keep();
    const lines = terminal();
    spawn(new Reads("a", lines, 10));
    spawn(new Reads("b", lines, 10));
    settle();
    world.endConsoleInput();
    settle();
    expect(said()).toBe(`a${CLOSED} b${CLOSED}`);
    spawn(new Reads("c", lines, 1));
    step();
    expect(said()).toBe(`c${CLOSED}`);
  });

  test("takes turns among fibres", () => {
    keep();
    const lines = terminal();
    spawn(new Reads("a", lines, 2));
    spawn(new Reads("b", lines, 2));
    settle();
    world.consoleInput("1\n2\n3\n4\n5\n");
    settle();
    expect(said()).toBe("a:1 b:2 a:3 b:4");
  });

  test("does not keep the domain alive when nobody reads", () => {
    spawn(new Reads("r", terminal(), 1));
    step();
    world.consoleInput("1\n2\n");
    expectExit(() => {
      step();
    }, 0);
    expect(said()).toBe("r:1");
  });

  test("does not keep the domain alive while its reader is busy", () => {
    spawn(new Reads("r", terminal(), 2, 10));
    step();
    world.consoleInput("1\n");
    step();
    step(10);
    world.consoleInput("2\n3\n");
    step();
    expect(said()).toBe("r:1 r:2");
    expectExit(() => {
      step(10);
    }, 0);
  });

  test("that was given up does not keep the domain alive", () => {
    spawn(new Reads("r", terminal(), 1, 0, 10));
    step();
    expectExit(() => {
      step(10);
    }, 0);
    expect(said()).toBe(`r${TIMED_OUT}`);
  });

  test("stops while its reader is busy, and loses nothing", () => {
    keep();
    const lines = terminal();
    spawn(new Reads("r", lines, 200, 10));
    settle();
    let text = "";
    for (let i = 0; i < 150; i++) text += `${i}\n`;
    world.consoleInput(text);
    settle();
    // Somebody else may read now.
    console!.readLines(new Nobody());
    console!.stopReading();
    for (let i = 0; i < 149; i++) {
      step(10);
      settle();
    }
    let expected = "r:0";
    for (let i = 1; i < 150; i++) expected += ` r:${i}`;
    expect(said()).toBe(expected);
  });

  test("takes many lines in one step", () => {
    keep();
    spawn(new Reads("r", terminal(), 200));
    settle();
    let text = "";
    for (let i = 0; i < 50; i++) text += "x\n";
    world.consoleInput(text);
    step();
    expect(said().length).toBe(50 * 4 - 1);
  });

  test("is cancelled, or late, and the line goes to the next", () => {
    keep();
    const lines = terminal();
    const a = spawn(new Reads("a", lines, 1));
    spawn(new Reads("b", lines, 1, 0, 10));
    spawn(new Reads("c", lines, 1));
    settle();
    a.cancel();
    settle();
    step(10);
    settle();
    world.consoleInput("1\n");
    settle();
    expect(said()).toBe(`a${CANCELLED} b${TIMED_OUT} c:1`);
  });
});

class Nobody implements LineReader {
  onLine(line: string): void {}
  onEnd(): void {}
}

class Writes extends Fibre {
  constructor(
    name: string,
    private readonly terminal: Terminal,
    private readonly lines: i32,
    private readonly deadlineNs: i64 = i64.MAX_VALUE,
  ) {
    super(name);
  }

  run(): i32 {
    for (let i = 0; i < this.lines; i++) {
      const outcome = this.terminal.writeLine(`${this.name}${i}`, this.deadlineNs);
      if (outcome != 0) {
        say(`${this.name}${outcome}`);
        return outcome;
      }
    }
    say(`${this.name} done`);
    return 0;
  }
}

describe("writeLine", () => {
  test("does not wait while there is room", () => {
    keep();
    spawn(new Writes("a", terminal(), 3));
    settle();
    expect(said()).toBe("a done");
    expect(world.takeConsoleOutput()).toBe("a0\na1\na2\n");
  });

  test("waits for room, and loses nothing", () => {
    keep();
    world.limitConsoleOutput(0);
    spawn(new Writes("a", terminal(), 20));
    settle();
    expect(said()).toBe("");
    let output = "";
    for (let i = 0; i < 60 && said() == ""; i++) {
      world.limitConsoleOutput(5);
      settle();
      output += world.takeConsoleOutput();
    }
    world.limitConsoleOutput(-1);
    settle();
    output += world.takeConsoleOutput();
    let expected = "";
    for (let i = 0; i < 20; i++) expected += `a${i}\n`;
    expect(output).toBe(expected);
  });

  test("of several fibres keeps the order of the calls", () => {
    keep();
    world.limitConsoleOutput(0);
    const lines = terminal(3);
    for (let i = 0; i < 4; i++) spawn(new Writes(`w${i}-`, lines, 1));
    settle();
    world.limitConsoleOutput(-1);
    settle();
    expect(world.takeConsoleOutput()).toBe("w0-0\nw1-0\nw2-0\nw3-0\n");
    expect(said()).toBe("w0- done w1- done w2- done w3- done");
  });

  test("is cancelled, or late, and writes nothing", () => {
    keep();
    world.limitConsoleOutput(0);
    const lines = terminal(3);
    spawn(new Writes("a", lines, 1));
    const b = spawn(new Writes("b", lines, 1));
    spawn(new Writes("c", lines, 1, 10));
    spawn(new Writes("d", lines, 1));
    settle();
    b.cancel();
    settle();
    step(10);
    settle();
    world.limitConsoleOutput(-1);
    settle();
    expect(world.takeConsoleOutput()).toBe("a0\nd0\n");
    expect(said()).toBe(`a done b${CANCELLED} c${TIMED_OUT} d done`);
  });
});
