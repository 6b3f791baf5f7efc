import { LogLevel, Logger } from "@phantasm/interfaces";
import { describe, expect, expectAbort, expectExit, test, world } from "@phantasm/testing";
import { HostConsole } from "@phantasm/console";
import { dispatch, enter, leave } from "@phantasm/runtime";
import { ConsoleLog } from "./log";

const out = new HostConsole(256, 64);

/** Counts how often it was turned into text. */
class Costly {
  static asked: i32 = 0;

  toString(): string {
    Costly.asked++;
    return "costly";
  }
}

function logger(levels: string): Logger {
  return new ConsoleLog(out, levels).source("dns");
}

describe("a line", () => {
  test("has the time of the step, the source, the level and the message", () => {
    enter(1_234_567_890, 0);
    logger("debug").warning("text");
    expect(world.takeConsoleOutput()).toBe("  1.234s dns warning: text\n");
  });

  test("has values in their places, and behind the message if it has no place", () => {
    const log = logger("info");
    log.info("{} of {}: {}", 3, "four", true);
    log.info("rate {}", 2.5);
    log.info("bytes", <u8>200);
    log.info("{} and {}", "a {} that is a value", "b");
    log.info("{} {}", 1);
    log.info("nothing: {}", null as string | null);
    expect(world.takeConsoleOutput()).toBe(
      "  0.000s dns info: 3 of four: true\n" +
        "  0.000s dns info: rate 2.5\n" +
        "  0.000s dns info: bytes 200\n" +
        "  0.000s dns info: a {} that is a value and b\n" +
        "  0.000s dns info: 1 {}\n" +
        "  0.000s dns info: nothing: null\n",
    );
  });

  test("stays one line", () => {
    logger("info").error("name {}", "evil\n  0.000s dns info: forged\u001b[2J");
    expect(world.takeConsoleOutput()).toBe(
      "  0.000s dns error: name evil\\x0a  0.000s dns info: forged\\x1b[2J\n",
    );
  });
});

describe("levels", () => {
  test("let pass what is as rare or rarer", () => {
    const log = logger("warning");
    log.error("1");
    log.warning("2");
    log.info("3");
    log.debug("4");
    expect(world.takeConsoleOutput()).toBe("  0.000s dns error: 1\n  0.000s dns warning: 2\n");
  });

  test("are per source", () => {
    const log = new ConsoleLog(out, "off,dns=debug");
    log.source("tcp").error("silent");
    log.source("dns").debug("heard");
    expect(world.takeConsoleOutput()).toBe("  0.000s dns debug: heard\n");
  });

  test("can be changed", () => {
    const log = logger("off");
    log.level = LogLevel.INFO;
    log.info("now");
    expect(world.takeConsoleOutput()).toBe("  0.000s dns info: now\n");
  });

  test("below them a value is not even turned into text", () => {
    const log = logger("info");
    const costly = new Costly();
    log.debug("{}", costly);
    expect(Costly.asked).toBe(0);
    log.info("{}", costly);
    expect(Costly.asked).toBe(1);
    expect(world.takeConsoleOutput()).toBe("  0.000s dns info: costly\n");
  });

  test("that nobody knows end the domain, with the form in the message", () => {
    expectAbort(() => {
      logger("dns=loud");
    }, 'argument log: "dns=loud" is neither LEVEL nor SOURCE=LEVEL. Levels: off, error, warning, info, debug. Example: --log warning,dns=debug');
  });
});

describe("output that is too slow", () => {
  test("loses lines, and says how many", () => {
    const log = logger("info");
    world.limitConsoleOutput(0);
    for (let i = 0; i < 20; i++) log.info("line {} of a flood", i);
    world.limitConsoleOutput(-1);
    log.info("after");
    const lines = world.takeConsoleOutput().split("\n");
    const kept = lines.length - 3;
    expect(lines[kept - 1]).toBe(`  0.000s dns info: line ${kept - 1} of a flood`);
    expect(lines[kept]).toBe(
      `  0.000s log warning: ${20 - kept} lines dropped, output was too slow`,
    );
    expect(lines[kept + 1]).toBe("  0.000s dns info: after");
  });

  test("is told before the domain ends", () => {
    const log = logger("info");
    world.limitConsoleOutput(0);
    log.info("x".repeat(300));
    log.info("lost");
    expect(leave()).toBe(i64.MAX_VALUE);
    world.limitConsoleOutput(-1);
    expectExit(() => {
      enter(0, 0);
      dispatch();
      leave();
    }, 0);
    expect(
      world.takeConsoleOutput().endsWith("log warning: 1 line dropped, output was too slow\n"),
    ).toBe(true);
  });
});
