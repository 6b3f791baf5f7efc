import { expect, test } from "vitest";
import { BuildError } from "../diagnostics.js";
import { usageError, UserError } from "./errors.js";
import { report } from "./report.js";
import { terminal } from "./terminal.js";

async function reported(error: unknown): Promise<{ status: number; err: string }> {
  let err = "";
  const out = { write: (): never => expect.unreachable("nothing goes to standard output") };
  const self = terminal(out, { write: (text) => (err += text) }, {}, "/usr/bin/phantasm");
  return { status: await report(error, self), err };
}

function named(name: string, message: string, more: object = {}): Error {
  return Object.assign(new Error(message), { name, ...more });
}

test("a mistake is told without a stack, its hint below it", async () => {
  expect(await reported(new UserError("no", { hint: "do this\nthen that" }))).toEqual({
    status: 1,
    err: "phantasm: no\n  do this\n  then that\n",
  });
  expect(await reported(usageError("wrong", "See: help"))).toEqual({
    status: 2,
    err: "phantasm: wrong\n  See: help\n",
  });
});

test("a place stands first in its line", async () => {
  const placed = { message: "first", file: "/elsewhere/main.ts", line: 3, column: 5 };
  expect(await reported(new BuildError([placed]))).toEqual({
    status: 1,
    err: "/elsewhere/main.ts:3:5: first\n",
  });
  expect((await reported(new BuildError([{ message: "second", hint: "mend it" }]))).err).toBe(
    "phantasm: second\n  mend it\n",
  );
});

test("errors of host and seal are the operator's, with the statuses of the boundary", async () => {
  const statuses = [
    [named("SealError", "changed"), 104],
    [named("BackendError", "no disk"), 105],
    [named("OptionError", "no size"), 2],
    [named("ArgumentsError", "no such argument"), 2],
    [named("BootError", "too much memory", { status: 102 }), 102],
  ] as const;
  for (const [error, status] of statuses)
    expect(await reported(error)).toEqual({ status, err: `phantasm: ${error.message}\n` });
});

test("a circumstance of the system is one line", async () => {
  const error = named("Error", "ENOSPC: no space left on device, write", {
    code: "ENOSPC",
    syscall: "write",
    path: "/full/disk",
  });
  expect(await reported(error)).toEqual({
    status: 1,
    err: "phantasm: /full/disk: the disk is full\n",
  });
});

test("a fault of ours comes with its stack and those of its causes", async () => {
  const { status, err } = await reported(new TypeError("x is y", { cause: new Error("below") }));
  expect(status).toBe(1);
  expect(err).toMatch(/^TypeError: x is y\n {4}at /);
  expect(err).toMatch(/^caused by Error: below\n {4}at /m);
  expect(err).toMatch(
    /\nphantasm: this is a fault of phantasm; please report it with the lines above and the output of: phantasm doctor\n$/,
  );
  expect((await reported("thrown text")).err).toMatch(/^thrown text\nphantasm: this is a fault/);
});
