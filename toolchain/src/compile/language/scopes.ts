/** The blocks around a statement of one function, and what each evaluates when it is left. */
import type { Expression, Range } from "assemblyscript";

/** How far `break` and `continue` go; `return` leaves all blocks of a function. */
export type Boundary = "loop" | "switch";

interface Deferred {
  readonly expression: Expression;
  /** Names that it uses. */
  readonly names: ReadonlySet<string>;
  /** How many names its block had declared before it. */
  readonly after: number;
}

interface Scope {
  readonly boundary: Boundary | undefined;
  readonly deferred: Deferred[];
  /** Where each name was declared, so far; in order. */
  readonly declared: { readonly name: string; readonly range: Range }[];
}

/** A name that means something else where an expression is evaluated than where it was deferred. */
export interface Capture {
  readonly name: string;
  /** Where the other one is declared. */
  readonly range: Range;
}

/** What a way out of blocks evaluates. */
export interface Exit {
  /** In their order. */
  readonly expressions: readonly Expression[];
  readonly captures: readonly Capture[];
  /** Names declared in the blocks that are left. */
  readonly declared: ReadonlyMap<string, Range>;
}

export class Scopes {
  readonly #scopes: Scope[] = [];

  enter(boundary?: Boundary): void {
    this.#scopes.push({ boundary, deferred: [], declared: [] });
  }

  leave(): void {
    this.#scopes.pop();
  }

  declare(name: string, range: Range): void {
    this.#scopes.at(-1)?.declared.push({ name, range });
  }

  defer(expression: Expression, names: ReadonlySet<string>): void {
    const scope = this.#scopes.at(-1);
    scope?.deferred.push({ expression, names, after: scope.declared.length });
  }

  /** The end of the innermost block. */
  fallingThrough(): Exit {
    return this.#exit(this.#scopes.length - 1);
  }

  /** Out of the innermost one of these, or of all blocks when there is none. */
  leaving(...boundaries: Boundary[]): Exit {
    const outermost = this.#scopes.findLastIndex(
      ({ boundary }) => boundary !== undefined && boundaries.includes(boundary),
    );
    return this.#exit(Math.max(outermost, 0));
  }

  #exit(outermost: number): Exit {
    const expressions: Expression[] = [];
    const captures: Capture[] = [];
    const inner = new Map<string, Range>();
    for (const { deferred, declared } of this.#scopes.slice(outermost).reverse()) {
      for (const { expression, names, after } of deferred.toReversed()) {
        expressions.push(expression);
        const later = new Map(declared.slice(after).map(({ name, range }) => [name, range]));
        for (const name of names) {
          const range = inner.get(name) ?? later.get(name);
          if (range) captures.push({ name, range });
        }
      }
      for (const { name, range } of declared) inner.set(name, range);
    }
    return { expressions, captures, declared: inner };
  }
}
