import fc from "fast-check";
import { expect, test } from "vitest";
import { squarify } from "./treemap.js";

const INTO = { x: 10, y: 20, width: 600, height: 400 };

test("areas are proportional to weights and fill the rectangle", () => {
  const weights = fc
    .array(fc.integer({ min: 1, max: 100_000 }), { minLength: 1, maxLength: 60 })
    .map((list) => list.sort((a, b) => b - a));
  fc.assert(
    fc.property(weights, (list) => {
      const total = list.reduce((sum, weight) => sum + weight, 0);
      const rectangles = squarify(list, INTO);
      expect(rectangles).toHaveLength(list.length);
      rectangles.forEach(({ x, y, width, height }, at) => {
        const expected = ((list[at] ?? 0) / total) * INTO.width * INTO.height;
        expect(width * height).toBeCloseTo(expected, 3);
        expect(x).toBeGreaterThanOrEqual(INTO.x - 1e-6);
        expect(y).toBeGreaterThanOrEqual(INTO.y - 1e-6);
        expect(x + width).toBeLessThanOrEqual(INTO.x + INTO.width + 1e-6);
        expect(y + height).toBeLessThanOrEqual(INTO.y + INTO.height + 1e-6);
      });
    }),
  );
});

test("no two rectangles overlap", () => {
  const rectangles = squarify([40, 30, 12, 8, 5, 3, 1, 1], INTO);
  rectangles.forEach((a, at) => {
    for (const b of rectangles.slice(at + 1)) {
      const across = Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x);
      const down = Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y);
      expect(Math.min(across, down)).toBeLessThan(1e-6);
    }
  });
});

test("the example of the paper: weights 6 6 4 3 2 2 1 in 6 by 4", () => {
  const rectangles = squarify([6, 6, 4, 3, 2, 2, 1], { x: 0, y: 0, width: 6, height: 4 });
  const rounded = rectangles.map(({ x, y, width, height }) =>
    [x, y, width, height].map((value) => Number(value.toFixed(2))),
  );
  expect(rounded).toEqual([
    [0, 0, 3, 2],
    [0, 2, 3, 2],
    [3, 0, 1.71, 2.33],
    [4.71, 0, 1.29, 2.33],
    [3, 2.33, 1.2, 1.67],
    [4.2, 2.33, 1.2, 1.67],
    [5.4, 2.33, 0.6, 1.67],
  ]);
});
