import { expect, test } from "vitest";
import { image, MANIFEST } from "../test/images.js";
import { verifyImage } from "./index.js";

test("a good image passes, and the verifier says what is in it", () => {
  const verified = verifyImage(image());
  expect(verified.manifest).toEqual(MANIFEST);
  expect(verified.imports.map(({ name, signature }) => `${name}${signature}`)).toEqual([
    "exit(i32) → ()",
    "abort(i32, i32, i32) → ()",
    "console_write(i32, i32) → i32",
    "console_read(i32, i32) → i32",
  ]);
});
