/** The way from the root to a leaf that the tree went last: frame and index of each page. */

/** i32 and i32 for each. The root grows at the front. */
const way: usize = memory.data(160, 8);

// @ts-ignore: decorator
@inline
export function frameOn(depth: i32): i32 {
  return load<i32>(way + ((<usize>depth) << 3));
}

// @ts-ignore: decorator
@inline
export function indexOn(depth: i32): i32 {
  return load<i32>(way + ((<usize>depth) << 3), 4);
}

// @ts-ignore: decorator
@inline
export function setOn(depth: i32, frame: i32, index: i32): void {
  store<i32>(way + ((<usize>depth) << 3), frame);
  store<i32>(way + ((<usize>depth) << 3), index, 4);
}

/** Another page comes before all of them. */
export function growWay(pages: i32, frame: i32): void {
  memory.copy(way + 8, way, (<usize>pages) << 3);
  setOn(0, frame, 0);
}
