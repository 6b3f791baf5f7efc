import { expect, test } from "vitest";
import { terminal, type TextStream } from "./terminal.js";

const file: TextStream = { write: () => true };
const screen: TextStream = { write: () => true, isTTY: true, columns: 200 };

test("colour on a terminal only, and not with NO_COLOR or a dumb one", () => {
  const red = "\u001b[31mx\u001b[39m";
  expect(terminal(screen, file, {}).outStyle.red("x")).toBe(red);
  expect(terminal(screen, file, {}).sayStyle.red("x")).toBe("x");
  expect(terminal(screen, screen, { NO_COLOR: "1" }).outStyle.red("x")).toBe("x");
  expect(terminal(screen, screen, { NO_COLOR: "" }).outStyle.red("x")).toBe(red);
  expect(terminal(screen, screen, { TERM: "dumb" }).outStyle.red("x")).toBe("x");
});

test("lines are replaced on a terminal only", () => {
  expect(terminal(file, screen, {}).interactive).toBe(true);
  expect(terminal(screen, file, {}).interactive).toBe(false);
  expect(terminal(file, screen, { TERM: "dumb" }).interactive).toBe(false);
});

test("text is 80 characters wide, at most 120 on a terminal", () => {
  expect(terminal(file, file, {}).columns).toBe(80);
  expect(terminal(screen, file, {}).columns).toBe(120);
});

test("the next command is written as the user called this one", () => {
  const program = (script: string, environment = {}): string =>
    terminal(file, file, environment, script).program;
  expect(program("/usr/bin/phantasm")).toBe("phantasm");
  expect(program("/x/node_modules/.bin/phantasm", { npm_command: "exec" })).toBe("npx phantasm");
  expect(program("/x/toolchain/bin/phantasm.js")).toBe("npx phantasm");
});
