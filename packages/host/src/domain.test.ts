import { expect, test } from "vitest";
import { image, step } from "../test/images.js";
import { memoryConsole } from "./console/memory.js";
import { Domain } from "./domain.js";

test("hello", async () => {
  const console = memoryConsole();
  const domain = new Domain(
    image(`(data (i32.const 16) "hello\\n")
      ${step("(drop (call $console_write (i32.const 16) (i32.const 6))) (call $exit (i32.const 7))")}`),
    { console },
  );
  domain.start();
  expect(await domain.exited).toEqual({ status: 7, reason: "exit", message: "", trace: [] });
  expect(console.output).toBe("hello\n");
});
