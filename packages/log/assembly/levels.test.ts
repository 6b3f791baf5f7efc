import { LogLevel } from "@phantasm/interfaces";
import { expect, test } from "@phantasm/testing";
import { Levels, levelOf, nameOf } from "./levels";

test("one level for all", () => {
  const levels = new Levels("warning");
  expect(levels.problem).toBeNull();
  expect(levels.of("dns")).toBe(LogLevel.WARNING);
  expect(levels.loudest).toBe(LogLevel.WARNING);
});

test("a level for a source, and another for the rest", () => {
  const levels = new Levels("error,dns=debug,tcp=off");
  expect(levels.of("dns")).toBe(LogLevel.DEBUG);
  expect(levels.of("tcp")).toBe(LogLevel.OFF);
  expect(levels.of("dnsx")).toBe(LogLevel.ERROR);
  expect(levels.loudest).toBe(LogLevel.DEBUG);
});

test("sources alone: the rest is off; of two that say the same, the later counts", () => {
  const levels = new Levels("dns=info,dns=error");
  expect(levels.of("dns")).toBe(LogLevel.ERROR);
  expect(levels.of("tcp")).toBe(LogLevel.OFF);
});

test("what is wrong is quoted", () => {
  expect(new Levels("loud").problem!).toBe('"loud" is neither LEVEL nor SOURCE=LEVEL');
  expect(new Levels("info,dns=").problem!).toBe('"dns=" is neither LEVEL nor SOURCE=LEVEL');
  expect(new Levels("=info").problem!).toBe('"=info" is neither LEVEL nor SOURCE=LEVEL');
  expect(new Levels("info,").problem!).toBe('"" is neither LEVEL nor SOURCE=LEVEL');
  expect(new Levels("").problem!).toBe('"" is neither LEVEL nor SOURCE=LEVEL');
  expect(new Levels("INFO").problem).not.toBeNull();
});

test("names and levels are the same list", () => {
  for (let level = LogLevel.OFF; level <= LogLevel.DEBUG; level++)
    expect(levelOf(nameOf(level))).toBe(level);
});
