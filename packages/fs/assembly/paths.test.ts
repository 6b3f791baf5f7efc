import { BAD_NAME } from "@phantasm/interfaces";
import { expect, test } from "@phantasm/testing";
import { TestRandom } from "@phantasm/testing/random";
import { PATH_UNITS_MAX, baseName, checkPath, normalPath, parentPath } from "./paths";

test("paths as they must be", () => {
  const good: string[] = ["/", "/a", "/a/b.c", "/...", "/.a", "/a/..b", "/ü/日本", "/🎉", "/a b"];
  for (const path of good) expect(checkPath(path)).toBe(0);
  const bad: string[] = [
    "",
    "a",
    "/a/",
    "//",
    "/.",
    "/..",
    "/a/./b",
    "/a/../b",
    "/\0",
    "/\x7f",
    "/\x85",
  ];
  for (const path of bad)
    expect(path + checkPath(path).toString()).toBe(path + BAD_NAME.toString());
  expect(checkPath("/\ud800")).toBe(BAD_NAME);
  expect(checkPath("/\udc00\ud800")).toBe(BAD_NAME);
  expect(checkPath("/" + "x".repeat(PATH_UNITS_MAX - 1))).toBe(0);
  expect(checkPath("/" + "x".repeat(PATH_UNITS_MAX))).toBe(BAD_NAME);
});

test("what clients send", () => {
  expect(normalPath("")).toBe("/");
  expect(normalPath("/")).toBe("/");
  expect(normalPath("index.html")).toBe("/index.html");
  expect(normalPath("docs//./a/../index.html/")).toBe("/docs/index.html");
  expect(normalPath("/a/b/../..")).toBe("/");
  expect(normalPath("/..")).toBe("");
  expect(normalPath("/a/../../b")).toBe("");
  expect(normalPath("/a\0")).toBe("");
  expect(normalPath("/\udfff")).toBe("");
  expect(normalPath("/...")).toBe("/...");
  expect(normalPath("x".repeat(PATH_UNITS_MAX))).toBe("");
});

test("what comes out is a path, and stays as it is", () => {
  const random = new TestRandom(7);
  const parts: string[] = ["/", ".", "..", "a", "ü", "🎉", "\x1f", "\ud801", "b c"];
  for (let round = 0; round < 20_000; round++) {
    let text = "";
    for (let count = random.below(12); count > 0; count--)
      text += parts[random.below(parts.length)];
    const path = normalPath(text);
    if (path.length == 0) continue;
    expect(checkPath(path)).toBe(0);
    expect(normalPath(path)).toBe(path);
  }
});

test("parts of a path", () => {
  expect(baseName("/a/b")).toBe("b");
  expect(baseName("/")).toBe("");
  expect(parentPath("/a/b")).toBe("/a");
  expect(parentPath("/a")).toBe("/");
  expect(parentPath("/")).toBe("/");
});
