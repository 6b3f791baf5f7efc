import { MILLISECOND, SECOND } from "@phantasm/interfaces";
import { expect, test } from "@phantasm/testing";
import { escapeControls, timestamp } from "./line";

test("times stand under one another", () => {
  expect(timestamp(0)).toBe("  0.000s");
  expect(timestamp(SECOND + 234 * MILLISECOND + 999_999)).toBe("  1.234s");
  expect(timestamp(999 * SECOND + 7 * MILLISECOND)).toBe("999.007s");
  expect(timestamp(86_400 * SECOND)).toBe("86400.000s");
});

test("what would control a terminal is shown instead", () => {
  expect(escapeControls("plain, é and 😀")).toBe("plain, é and 😀");
  expect(escapeControls("a\nb")).toBe("a\\x0ab");
  expect(escapeControls("\u001b[31mred\u007f\u009b")).toBe("\\x1b[31mred\\x7f\\x9b");
});
