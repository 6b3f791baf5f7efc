/**
 * Takes `@inline` from the functions of packages and of the application. The compiler inlines what has it before
 * the optimiser sees it, at every call; in the size profile the optimiser decides, who knows what a call takes.
 */
import type { SyntaxNode, SyntaxSource } from "./compiler.js";

const INLINE = "inline";

/**
 * @param sources are changed; the compiler's own library is not to be among them
 * @returns puts them back: a process keeps what it has parsed, for other profiles too (see parsed.ts)
 */
export function dropInline(sources: Iterable<SyntaxSource>): () => void {
  const dropped: Dropped[] = [];
  for (const { statements } of sources) drop(statements, dropped);
  return () => {
    for (const { node, decorators } of dropped) Object.assign(node, { decorators });
  };
}

type Dropped = Pick<SyntaxNode, "decorators"> & { readonly node: SyntaxNode };

/** Of functions and methods; a constant is smaller inlined. */
function drop(nodes: readonly SyntaxNode[], dropped: Dropped[]): void {
  for (const node of nodes) {
    const { decorators } = node;
    if (node.signature && decorators?.some(({ name }) => name?.text === INLINE)) {
      dropped.push({ node, decorators });
      Object.assign(node, { decorators: decorators.filter(({ name }) => name?.text !== INLINE) });
    }
    drop(node.members ?? [], dropped);
  }
}
