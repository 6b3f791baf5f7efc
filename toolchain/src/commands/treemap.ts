/** Squarified treemaps: areas proportional to weights, rectangles as close to squares as they go. */

export interface Rectangle {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** The largest side ratio in a row of areas laid along a side of this length. */
function worstRatio(areas: readonly number[], side: number): number {
  const sum = areas.reduce((total, area) => total + area, 0);
  const thickness = sum / side;
  return Math.max(
    ...areas.map((area) => {
      const length = area / thickness;
      return Math.max(length / thickness, thickness / length);
    }),
  );
}

/**
 * Divides a rectangle (Bruls, Huizing, van Wijk, "Squarified Treemaps", 2000).
 *
 * @param weights positive, largest first
 * @returns one rectangle a weight, in the same order; together they fill `into`
 */
export function squarify(weights: readonly number[], into: Rectangle): Rectangle[] {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const scale = (into.width * into.height) / total;
  const areas = weights.map((weight) => weight * scale);
  const result: Rectangle[] = [];
  let { x, y, width, height } = into;
  let at = 0;
  while (at < areas.length) {
    const side = Math.min(width, height);
    const row = [areas[at] ?? 0];
    while (at + row.length < areas.length) {
      const longer = [...row, areas[at + row.length] ?? 0];
      if (worstRatio(longer, side) > worstRatio(row, side)) break;
      row.push(longer.at(-1) ?? 0);
    }
    at += row.length;
    const thickness = row.reduce((sum, area) => sum + area, 0) / side;
    let along = 0;
    for (const area of row) {
      const length = area / thickness;
      result.push(
        width >= height
          ? { x, y: y + along, width: thickness, height: length }
          : { x: x + along, y, width: length, height: thickness },
      );
      along += length;
    }
    if (width >= height) {
      x += thickness;
      width -= thickness;
    } else {
      y += thickness;
      height -= thickness;
    }
  }
  return result;
}
