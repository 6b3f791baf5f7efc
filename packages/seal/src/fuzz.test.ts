/** Whatever the bytes are, the verifier answers or throws a SealError, and soon. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { encodeCanonical, type JsonValue } from "./canonical.js";
import {
  encodeManifest,
  InstructionCursor,
  parseManifest,
  parseNames,
  SealError,
  splitSections,
  verifyImage,
} from "./index.js";
import { edited, image, MANIFEST, rawSections, reseal } from "../test/images.js";
import { parseDetachedSignature } from "./signature.js";

/** Far beyond what any of these inputs takes, also on a busy machine. */
const SLOW_MS = 2000;

/** Runs something that may refuse. Anything but a refusal is thrown on. */
function judged<T>(attempt: () => T): T | undefined {
  const start = performance.now();
  try {
    return attempt();
  } catch (error) {
    if (!(error instanceof SealError)) throw error;
    return undefined;
  } finally {
    expect(performance.now() - start).toBeLessThan(SLOW_MS);
  }
}

const good = image();
const content = good.subarray(58);
const bytes = fc.uint8Array({ maxLength: 200 });

/** What passes must be what the engine takes for the same module, or refuses altogether. */
function engineAgrees(candidate: Uint8Array): void {
  const verified = judged(() => verifyImage(candidate));
  if (verified === undefined || !WebAssembly.validate(verified.bytes)) return;
  const module = new WebAssembly.Module(verified.bytes);
  expect(WebAssembly.Module.imports(module).map(({ name }) => name)).toEqual(
    verified.imports.map(({ name }) => name),
  );
  expect(WebAssembly.Module.exports(module).map(({ name }) => name)).toEqual(
    verified.exports.map(({ name }) => name),
  );
}

test("random bytes, bare and behind a header, a signature, a manifest", () => {
  const manifest = content.subarray(0, 2 + 1 + 8 + encodeManifest(MANIFEST).length + 1);
  fc.assert(
    fc.property(bytes, (random) => {
      for (const candidate of [
        random,
        Uint8Array.from([...good.subarray(0, 8), ...random]),
        reseal(random),
        reseal(Uint8Array.from([...manifest, ...random])),
      ])
        expect(judged(() => verifyImage(candidate))).toBeUndefined();
    }),
    { numRuns: 500 },
  );
});

test("a good image with bytes replaced, taken out and put in, behind a right hash", () => {
  const mutation = fc.record({
    at: fc.nat({ max: content.length - 1 }),
    remove: fc.nat({ max: 4 }),
    insert: fc.uint8Array({ maxLength: 6 }),
  });
  fc.assert(
    fc.property(fc.array(mutation, { minLength: 1, maxLength: 3 }), (mutations) => {
      const mutated = [...content];
      for (const { at, remove, insert } of mutations) mutated.splice(at, remove, ...insert);
      engineAgrees(reseal(Uint8Array.from(mutated)));
    }),
    { numRuns: 1500 },
  );
});

test("one section with random contents, sections in any order", () => {
  const sections = rawSections(good);
  fc.assert(
    fc.property(
      fc.nat({ max: sections.length - 1 }),
      bytes,
      fc.shuffledSubarray(sections, { minLength: 1 }),
      (at, contents, shuffled) => {
        engineAgrees(edited((all) => all.with(at, { id: all[at]?.id ?? 0, contents })));
        engineAgrees(edited((all) => [...all.slice(0, 1), ...shuffled]));
      },
    ),
    { numRuns: 500 },
  );
});

test("random code", () => {
  const common = fc.constantFrom(0x02, 0x03, 0x04, 0x0b, 0x0e, 0x10, 0x20, 0x28, 0x41, 0x42, 0xfd);
  fc.assert(
    fc.property(fc.array(fc.oneof(common, fc.nat({ max: 255 })), { maxLength: 100 }), (code) => {
      judged(() => {
        new InstructionCursor(Uint8Array.from(code)).finishBody();
      });
    }),
    { numRuns: 3000 },
  );
});

test("manifests with any value in any place", () => {
  const manifest = MANIFEST as unknown as Readonly<Record<string, JsonValue>>;
  const value = fc.jsonValue({ maxDepth: 3, stringUnit: "binary" }) as fc.Arbitrary<JsonValue>;
  fc.assert(
    fc.property(fc.constantFrom(...Object.keys(manifest)), value, (field, replacement) => {
      judged(() => {
        const text = encodeCanonical({ ...manifest, [field]: replacement });
        const parsed = parseManifest(new TextEncoder().encode(text));
        expect(encodeCanonical(parsed as unknown as JsonValue)).toBe(text);
      });
    }),
    { numRuns: 1000 },
  );
});

test("manifests with any bytes changed", () => {
  const encoded = encodeManifest(MANIFEST);
  fc.assert(
    fc.property(fc.nat({ max: encoded.length - 1 }), bytes, (at, random) => {
      const mutated = Uint8Array.from([
        ...encoded.subarray(0, at),
        ...random,
        ...encoded.subarray(at + random.length),
      ]);
      judged(() => parseManifest(mutated));
    }),
    { numRuns: 1000 },
  );
});

test("detached signatures, files of names and section lists from random bytes", () => {
  fc.assert(
    fc.property(bytes, (random) => {
      judged(() => parseDetachedSignature(random));
      judged(() => parseNames(random, MANIFEST.name));
      judged(() => splitSections(Uint8Array.from([...good.subarray(0, 8), ...random])));
    }),
    { numRuns: 1000 },
  );
});
