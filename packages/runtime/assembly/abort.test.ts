import { expectAbort, test } from "@phantasm/testing";
import { fail } from "./abort";

test("names message and place", () => {
  expectAbort(() => {
    fail("it broke", "main.ts", 12, 305);
  }, "it broke (main.ts:12:305)");
});

test("does without a place", () => {
  expectAbort(() => {
    fail("it broke", null, 0, 0);
  }, "it broke");
});

test("does without a message", () => {
  expectAbort(() => {
    fail(null, "main.ts", 0, 1);
  }, "abort (main.ts:0:1)");
});

test("cuts a long message, between characters, and still names the place", () => {
  expectAbort(
    () => {
      fail("ä".repeat(1000), "main.ts", 1, 2);
    },
    "ä".repeat(300) + " (main.ts:1:2)",
  );
});
