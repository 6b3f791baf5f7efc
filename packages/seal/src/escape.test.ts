import { expect, test } from "vitest";
import { escapeHtml, escapeTerminal } from "./index.js";

test.each([
  ["plain ASCII ~", "plain ASCII ~"],
  ["grüße 你好 😀", "grüße 你好 😀"],
  ["\x1b[31mred", "\\x1b[31mred"],
  ["a\r\n\tb\0\x7f", "a\\r\\n\\tb\\x00\\x7f"],
  ["\x9b31m", "\\x9b31m"],
  ["abc\u202edcba\u2066", "abc\\u{202e}dcba\\u{2066}"],
  ["\u2028\u2029\u200b\ufeff\u00ad", "\\u{2028}\\u{2029}\\u{200b}\\u{feff}\\xad"],
  ["\u{e0041}\u3164", "\\u{e0041}\\u{3164}"],
  ["\ud800", "\\u{d800}"],
])("%j is shown as %j", (text, shown) => {
  expect(escapeTerminal(text)).toBe(shown);
});

test("markup becomes text, in attributes too", () => {
  expect(escapeHtml(`<img src="x" onerror='alert(1)'>&\x1b`)).toBe(
    "&lt;img src=&quot;x&quot; onerror=&#39;alert(1)&#39;&gt;&amp;\\x1b",
  );
});
