import { expect, test } from "vitest";
import { waitingFibres, waitingText } from "./waiting.js";
import type { Fibre } from "./table.js";

const fibre = (state: Fibre["state"], waitsFor: string): Fibre => ({
  id: 1,
  name: "",
  classId: 0,
  state,
  waitsFor,
  dueNs: null,
  address: 0,
});

test("those that wait are counted by what they wait for, most first", () => {
  const fibres = [
    fibre("waiting", "a message"),
    fibre("sleeping", ""),
    fibre("waiting", "a lock"),
    fibre("waiting", "a lock"),
    fibre("ready", ""),
  ];
  expect(waitingFibres(fibres)).toEqual([
    { what: "a lock", count: 2 },
    { what: "a message", count: 1 },
  ]);
  const kinds = Array.from({ length: 100 }, (_, at) => fibre("waiting", `thing ${at}`));
  expect(waitingFibres(kinds)).toHaveLength(16);
});

test("in words", () => {
  expect(waitingText([])).toBe("");
  expect(waitingText([{ what: "", count: 1 }])).toBe("1 fibre waits");
  expect(waitingText([{ what: "a lock", count: 1200 }])).toBe("1 200 fibres wait for a lock");
  const four = ["a", "b", "c", "d"].map((what) => ({ what, count: 1 }));
  expect(waitingText(four)).toBe(
    "1 fibre waits for a, 1 fibre waits for b, 1 fibre waits for c, and others for other things",
  );
});
