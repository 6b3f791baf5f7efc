/**
 * A name while a zone is collected. Parent, flags and label lie as in a node of zones (src/compile.ts), so that what
 * reads those reads these; what only a draft has lies in front:
 *
 *     -24  u32  hash                    -8  u32  its sets, by type
 *     -20  u32  next child of its parent -4  u32  offset in the zones
 *     -16  u32  first child              5  u8   marks
 *     -12  u32  last child
 *
 * A set, 24 bytes: next set, first record, last record, TTL; u16 type, records, bytes as they lie in zones, bytes as
 * they are sent. A record: next of the set, hash of what follows; u16 bytes, and as it lies in zones, but for nodes:
 * these are addresses of drafts.
 */
export const NODE_FRONT_BYTES: usize = 24;
export const SET_DRAFT_BYTES: usize = 24;
export const RECORD_FRONT_BYTES: usize = 10;

export namespace Mark {
  /** It or a name below has records, so its label is spelled as it is there. */
  export const OWNER: i32 = 1;
  /** It has a place in the zones: something leads to it. */
  export const USED: i32 = 2;
  /** Its children are not in order. */
  export const DISORDER: i32 = 4;
  /** It is below a delegation. */
  export const GLUE: i32 = 8;
}

export namespace DraftNode {
  // @ts-ignore: decorator
  @inline
  export function hash(node: usize): u32 {
    return load<u32>(node - 24);
  }
  // @ts-ignore: decorator
  @inline
  export function next(node: usize): usize {
    return <usize>load<u32>(node - 20);
  }
  // @ts-ignore: decorator
  @inline
  export function setNext(node: usize, next: usize): void {
    store<u32>(node - 20, <u32>next);
  }
  // @ts-ignore: decorator
  @inline
  export function firstChild(node: usize): usize {
    return <usize>load<u32>(node - 16);
  }
  // @ts-ignore: decorator
  @inline
  export function setFirstChild(node: usize, child: usize): void {
    store<u32>(node - 16, <u32>child);
  }
  // @ts-ignore: decorator
  @inline
  export function lastChild(node: usize): usize {
    return <usize>load<u32>(node - 12);
  }
  // @ts-ignore: decorator
  @inline
  export function setLastChild(node: usize, child: usize): void {
    store<u32>(node - 12, <u32>child);
  }
  // @ts-ignore: decorator
  @inline
  export function firstSet(node: usize): usize {
    return <usize>load<u32>(node - 8);
  }
  // @ts-ignore: decorator
  @inline
  export function setFirstSet(node: usize, set: usize): void {
    store<u32>(node - 8, <u32>set);
  }
  // @ts-ignore: decorator
  @inline
  export function offset(node: usize): u32 {
    return load<u32>(node - 4);
  }
  // @ts-ignore: decorator
  @inline
  export function setOffset(node: usize, offset: u32): void {
    store<u32>(node - 4, offset);
  }
  // @ts-ignore: decorator
  @inline
  export function parent(node: usize): usize {
    return <usize>load<u32>(node);
  }
  // @ts-ignore: decorator
  @inline
  export function flags(node: usize): i32 {
    return <i32>load<u8>(node, 4);
  }
  // @ts-ignore: decorator
  @inline
  export function addFlags(node: usize, flags: i32): void {
    store<u8>(node, load<u8>(node, 4) | (<u8>flags), 4);
  }
  // @ts-ignore: decorator
  @inline
  export function marks(node: usize): i32 {
    return <i32>load<u8>(node, 5);
  }
  // @ts-ignore: decorator
  @inline
  export function mark(node: usize, marks: i32): void {
    store<u8>(node, load<u8>(node, 5) | (<u8>marks), 5);
  }

  /** The next in canonical order below and at `top`; 0: that was the last. */
  export function after(node: usize, top: usize, withChildren: bool): usize {
    if (withChildren) {
      const child = firstChild(node);
      if (child != 0) return child;
    }
    while (node != top) {
      const sibling = next(node);
      if (sibling != 0) return sibling;
      node = parent(node);
    }
    return 0;
  }
}
