import fc from "fast-check";
import { expect, test } from "vitest";
import { encodeCanonical, nestingDepth, type JsonValue } from "./canonical.js";

// RFC 8785 §3.2.2 and §3.2.3: numbers, escapes, order by UTF-16 code units.
test("the example of the RFC", () => {
  const value = JSON.parse(`{
    "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
    "string": "\\u20ac$\\u000F\\u000aA'\\u0042\\u0022\\u005c\\\\\\"\\/",
    "literals": [null, true, false]
  }`) as JsonValue;
  expect(encodeCanonical(value)).toBe(
    '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],' +
      '"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
  );
});

test("names are sorted by code units, not by code points", () => {
  expect(encodeCanonical({ "\ufb33": 1, "😀": 2, "€": 3, "1": 4, "\r": 5 })).toBe(
    '{"\\r":5,"1":4,"€":3,"😀":2,"\ufb33":1}',
  );
});

test("what is encoded parses to the same value, and encodes to the same text", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const json = JSON.parse(JSON.stringify(value)) as JsonValue;
      const text = encodeCanonical(json);
      expect(JSON.parse(text)).toEqual(json);
      expect(encodeCanonical(JSON.parse(text) as JsonValue)).toBe(text);
    }),
  );
});

test("depth is counted outside of texts", () => {
  expect(nestingDepth('{"a":[1,{"b":2}],"[[[[":"]]\\"[["}')).toBe(3);
  expect(nestingDepth('"[[')).toBe(0);
  expect(nestingDepth("1")).toBe(0);
});
