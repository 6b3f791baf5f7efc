/**
 * A domain gone on from a state: a fresh instance of the module gets memory and globals, and then the
 * same steps and the same answers to its hypercalls as the first one got. Needs nothing but an engine, so
 * that it can be run by any.
 */
import { createHash } from "node:crypto";

export interface State {
  readonly memory: Uint8Array;
  /** `g0`, `g1` … in order. */
  readonly globals: readonly (number | bigint)[];
}

export interface RecordedCall {
  readonly name: string;
  readonly args: readonly (number | bigint)[];
  /** What it returned; null: it threw. */
  readonly result: { readonly value: number | bigint | undefined } | null;
  /** What the host wrote into memory meanwhile, by address. */
  readonly writes: readonly { readonly at: number; readonly bytes: Uint8Array }[];
}

export interface RecordedStep {
  readonly nowNs: bigint;
  readonly events: number;
  readonly calls: readonly RecordedCall[];
  /** The deadline it returned, or how it ended. */
  readonly end: string;
  /** Of memory and globals after it. */
  readonly hash: string;
}

interface ImageExports {
  readonly memory: WebAssembly.Memory;
  readonly step: (nowNs: bigint, events: number) => bigint;
}

const PAGE_BYTES = 65_536;

function globalsOf(exports: WebAssembly.Exports): WebAssembly.Global[] {
  const globals: WebAssembly.Global[] = [];
  for (let found = exports["g0"]; found instanceof WebAssembly.Global;)
    found = exports[`g${globals.push(found)}`];
  return globals;
}

/** Its memory is a view: to keep it, copy it. */
export function stateOf(exports: WebAssembly.Exports): State {
  const { memory } = exports as unknown as ImageExports;
  const globals = globalsOf(exports).map(({ value }) => value as number | bigint);
  return { memory: new Uint8Array(memory.buffer), globals };
}

/** SHA-256 of memory and globals. */
export function hashOf({ memory, globals }: State): string {
  const hash = createHash("sha256").update(memory);
  for (const value of globals) hash.update(`,${String(value)}`);
  return hash.digest("hex");
}

/** How a step ended, in words that do not depend on the engine's version. */
export function endOf(step: () => bigint): string {
  try {
    return String(step());
  } catch (error) {
    if (error instanceof WebAssembly.RuntimeError) return "trap";
    return "ended";
  }
}

function restore(exports: WebAssembly.Exports, { memory, globals }: State): void {
  const { memory: own } = exports as unknown as ImageExports;
  const missing = memory.length - own.buffer.byteLength;
  if (missing > 0) own.grow(missing / PAGE_BYTES);
  new Uint8Array(own.buffer).set(memory);
  for (const [at, global] of globalsOf(exports).entries())
    if (at < globals.length) global.value = globals[at];
}

/**
 * Null: after each of `steps` memory and globals were what they were in the first run, and each asked the
 * same of its host. Otherwise the first difference.
 */
export function replay(
  module: WebAssembly.Module,
  state: State,
  steps: readonly RecordedStep[],
): string | null {
  let expected: readonly RecordedCall[] = [];
  let next = 0;
  let difference: string | null = null;
  const phantasm: Record<string, (...args: (number | bigint)[]) => unknown> = {};
  for (const { name } of WebAssembly.Module.imports(module))
    phantasm[name] = (...args) => {
      const call = expected[next++];
      const asked = `${name}(${args.join(", ")})`;
      const before = call ? `${call.name}(${call.args.join(", ")})` : "nothing";
      if (call === undefined || asked !== before) {
        difference ??= `it calls ${asked}, where it called ${before}`;
        throw new Error("different");
      }
      const memory = new Uint8Array((exports as unknown as ImageExports).memory.buffer);
      for (const { at, bytes } of call.writes) memory.set(bytes, at);
      if (call.result === null) throw new Error("ended");
      return call.result.value;
    };
  const { exports } = new WebAssembly.Instance(module, { phantasm });
  restore(exports, state);
  for (const [at, { nowNs, events, calls, end, hash }] of steps.entries()) {
    expected = calls;
    next = 0;
    const found = endOf(() => (exports as unknown as ImageExports).step(nowNs, events));
    if (difference === null && next < calls.length)
      difference = `it makes ${String(next)} of ${String(calls.length)} calls`;
    if (difference === null && found !== end) difference = `it ends with ${found}, not ${end}`;
    if (difference === null && hashOf(stateOf(exports)) !== hash)
      difference = "its state is another";
    if (difference !== null) return `in step ${String(at)} after the state: ${difference}`;
  }
  return null;
}
