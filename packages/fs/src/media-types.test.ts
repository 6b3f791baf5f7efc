import { expect, test } from "vitest";
// Written so that it is TypeScript too.
import { mediaTypeOf as inTheImage } from "../assembly/media-types.js";
import { MEDIA_TYPES, mediaTypeOf } from "./media-types.js";

test("an image knows the same media types as the build", () => {
  for (const [extension, type] of Object.entries(MEDIA_TYPES)) {
    expect(mediaTypeOf(`a.${extension.toUpperCase()}`)).toBe(type);
    expect(inTheImage(`a.${extension.toUpperCase()}`)).toBe(type);
  }
  for (const name of [
    "",
    "a",
    "a.",
    ".",
    "html",
    "a.none",
    "a.toString",
    `a.${"x".repeat(20)}`,
    "a.html.x",
  ]) {
    expect(mediaTypeOf(name)).toBe("");
    expect(inTheImage(name)).toBe("");
  }
});
