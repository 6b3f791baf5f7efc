/**
 * What the toolchain adds to AssemblyScript, for editors. They read this before AssemblyScript's own
 * declarations: the first `Symbol.iterator` counts, and theirs is not the unique one that loops look for.
 */

interface SymbolConstructor {
  readonly iterator: unique symbol;
}

/** What for…of asks for; an image has no iterators, only loops. */
interface Iterable<T> {
  [Symbol.iterator](): Iterator<T>;
}

interface Iterator<T> {
  next(): IteratorResult<T>;
}

interface IteratorResult<T> {
  done: bool;
  value: T;
}

/** Both `[key, value]` and an object, as a loop likes it. */
type LoopEntry<K, V> = [K, V] & { readonly key: K; readonly value: V };

interface Array<T> extends Iterable<T> {
  /** In for…of: each index with its element. */
  entries(): Iterable<LoopEntry<i32, T>>;
  /** In for…of: each index. */
  keys(): Iterable<i32>;
  /** In for…of: each element. */
  values(): Iterable<T>;
}

interface StaticArray<T> extends Iterable<T> {
  /** In for…of: each index with its element. */
  entries(): Iterable<LoopEntry<i32, T>>;
  /** In for…of: each index. */
  keys(): Iterable<i32>;
  /** In for…of: each element. */
  values(): Iterable<T>;
}

interface TypedArray<T> extends Iterable<T> {
  /** In for…of: each index with its element. */
  entries(): Iterable<LoopEntry<i32, T>>;
  /** In for…of: each index. */
  keys(): Iterable<i32>;
  /** In for…of: each element. */
  values(): Iterable<T>;
}

/** Character by character, as JavaScript has it: surrogate pairs stay together. */
interface String extends Iterable<string> {}

interface Map<K, V> extends Iterable<LoopEntry<K, V>> {
  /** In for…of: each key with its value. */
  entries(): Iterable<LoopEntry<K, V>>;
}

interface Set<K> extends Iterable<K> {
  /** In for…of: each value, twice. */
  entries(): Iterable<LoopEntry<K, K>>;
  /** In for…of: each value. */
  keys(): Iterable<K>;
}

/**
 * Evaluates the expression when the block around it is left: at its end, or by `return`, `break` or
 * `continue`. What was deferred last is evaluated first.
 *
 * @example
 * const timer = os.clock.after(SECOND, handler);
 * defer(timer.cancel());
 */
declare function defer(expression: unknown): void;
