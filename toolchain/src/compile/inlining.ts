/**
 * Takes `@inline` from the functions of packages and of the application. The compiler inlines what has it before
 * the optimiser sees it, at every call; in the size profile the optimiser decides, who knows what a call takes.
 */
import type { SyntaxNode, SyntaxSource } from "./compiler.js";

const INLINE = "inline";

/** @param sources are changed; the compiler's own library is not to be among them */
export function dropInline(sources: Iterable<SyntaxSource>): void {
  for (const { statements } of sources) drop(statements);
}

/** Of functions and methods; a constant is smaller inlined. */
function drop(nodes: readonly SyntaxNode[]): void {
  for (const node of nodes) {
    const { decorators } = node;
    if (decorators && node.signature)
      Object.assign(node, { decorators: decorators.filter(({ name }) => name?.text !== INLINE) });
    drop(node.members ?? []);
  }
}
