/**
 * Takes out what the compiler writes although it is known. A stub asks for the class of an object also when only
 * one class has the method. A constructor sets fields to zero in memory that the collector has cleared a
 * moment ago. Binaryen knows neither classes nor the allocator.
 */
import type { Binaryen, Module } from "./optimise.js";

/** Ends the name of the stub that chooses among the implementations of a method. */
export const STUB = "@override";
const CONSTRUCTOR = "#constructor";
const COLLECTOR = "~lib/@phantasm/runtime/heap/collector/";
const ALLOCATE = `${COLLECTOR}__new`;
const LINK = `${COLLECTOR}__link`;
/** The object that a method works on. */
const THIS = 0;

type Expression = number;

interface Info {
  readonly children?: readonly Expression[];
  readonly name?: string;
  readonly target?: string;
  readonly operands?: readonly Expression[];
  readonly index?: number;
  readonly value?: unknown;
  readonly isTee?: boolean;
  readonly condition?: Expression;
  readonly ifTrue?: Expression;
  readonly ifFalse?: Expression;
  readonly ptr?: Expression;
  readonly offset?: number;
  readonly left?: Expression;
  readonly right?: Expression;
}

export class Known {
  readonly #binaryen: Binaryen;
  readonly #module: Module;
  readonly #functions: Module["Function"];
  /** The offset of the field that a function sets; undefined: it does more. */
  readonly #setters = new Map<string, number | undefined>();
  /** Offsets that a constructor sets; undefined: it shows the object to other code. */
  readonly #silent = new Map<string, ReadonlySet<number> | undefined>();

  /** @param module as the compiler made it; is changed */
  constructor(binaryen: Binaryen, module: Module) {
    this.#binaryen = binaryen;
    this.#module = module;
    // Binaryen's types have it at the module.
    this.#functions = (binaryen as unknown as Pick<Module, "Function">).Function;
  }

  /** @param cleared new objects are zero */
  apply(cleared: boolean): void {
    for (let index = 0; index < this.#module.getNumFunctions(); index++) {
      const reference = this.#module.getFunctionByIndex(index);
      const name = this.#functions.getName(reference);
      if (!name.endsWith(STUB) && !(cleared && name.endsWith(CONSTRUCTOR))) continue;
      const body = this.#functions.getBody(reference);
      if (body === 0) continue;
      const better = name.endsWith(STUB) ? this.#onlyTarget(body) : this.#withoutZeros(body);
      if (better !== undefined) this.#functions.setBody(reference, better);
    }
  }

  /** The call that a stub comes to if it comes to any: there is one, and no class beside its own. */
  #onlyTarget(body: Expression): Expression | undefined {
    const { UnreachableId } = this.#binaryen;
    const last = this.#children(body).at(-1);
    if (last === undefined || this.#id(last) !== Number(UnreachableId)) return undefined;
    const calls = this.#calls(body);
    return calls?.length === 1 ? calls[0] : undefined;
  }

  /** The calls of a stub; undefined: there is something that stubs do not have. */
  #calls(expression: Expression): Expression[] | undefined {
    const { BlockId, ReturnId, CallId, LocalSetId, BreakId, UnreachableId } = this.#binaryen;
    const id = this.#id(expression);
    if (id === Number(CallId)) return [expression];
    if (id === Number(ReturnId)) {
      const value = this.#info(expression).value as Expression;
      return value === 0 ? [] : this.#calls(value);
    }
    if (id === Number(BlockId)) {
      const found = this.#children(expression).map((child) => this.#calls(child));
      return found.some((calls) => calls === undefined) ? undefined : found.flatMap((c) => c ?? []);
    }
    return [LocalSetId, BreakId, UnreachableId].map(Number).includes(id) ? [] : undefined;
  }

  /**
   * Up to the first statement that could show the object to other code. A constructor is called for an object
   * that is to be made, or for one that a derived class has just allocated.
   */
  #withoutZeros(body: Expression): Expression | undefined {
    const children = this.#children(body);
    if (children[0] === undefined || !this.#allocates(children[0])) return undefined;
    const kept: Expression[] = [children[0]];
    const set = new Set<number>();
    let at = 1;
    for (; at < children.length; at++) {
      const child = children[at] ?? 0;
      const offsets = this.#sets(child);
      if (offsets === undefined) break;
      // A derived class may declare a field of its base once more.
      const isKnown = offsets.every((offset) => !set.has(offset)) && this.#setsZero(child);
      for (const offset of isKnown ? [] : offsets) set.add(offset);
      if (!isKnown) kept.push(child);
    }
    if (kept.length === at) return undefined;
    return this.#module.block(
      this.#info(body).name ?? null,
      [...kept, ...children.slice(at)],
      this.#binaryen.getExpressionType(body),
    );
  }

  /** `if (this == 0) this = __new(…)` */
  #allocates(expression: Expression): boolean {
    const { IfId, LocalSetId } = this.#binaryen;
    if (this.#id(expression) !== Number(IfId)) return false;
    const { ifTrue = 0, ifFalse = 0 } = this.#info(expression);
    if (ifFalse !== 0 || this.#id(ifTrue) !== Number(LocalSetId)) return false;
    const { index, value } = this.#info(ifTrue);
    return index === THIS && this.#call(value as Expression).target === ALLOCATE;
  }

  /**
   * Offsets of the fields that a statement of a constructor sets, by itself or in `super`; undefined: it shows the
   * object to other code than accessors.
   */
  #sets(statement: Expression): readonly number[] | undefined {
    if (this.#id(statement) === Number(this.#binaryen.LocalSetId)) {
      const { index, value } = this.#info(statement);
      const { target = "", operands = [] } = this.#call(value as Expression);
      const [object = 0, ...rest] = operands;
      if (index !== THIS || !target.endsWith(CONSTRUCTOR) || !this.#isLocal(object, THIS))
        return undefined;
      const set = this.#setsOf(target);
      return set && rest.every((operand) => this.#isPlain(operand)) ? [...set] : undefined;
    }
    const { target = "", operands = [] } = this.#call(statement);
    const [object = 0, value = 0] = operands;
    const offset = this.#setter(target);
    if (offset === undefined || !this.#isLocal(object, THIS)) return undefined;
    return this.#isPlain(value) ? [offset] : undefined;
  }

  #setsZero(statement: Expression): boolean {
    const { operands = [] } = this.#call(statement);
    return operands.length === 2 && this.#isZero(operands[1] ?? 0);
  }

  #setsOf(name: string): ReadonlySet<number> | undefined {
    if (this.#silent.has(name)) return this.#silent.get(name);
    const body = this.#functions.getBody(this.#module.getFunction(name));
    const [first = 0, ...rest] = this.#children(body);
    const last = rest.pop() ?? 0;
    const sets = rest.map((statement) => this.#sets(statement));
    const isSilent =
      this.#allocates(first) &&
      this.#isLocal(last, THIS) &&
      sets.every((offsets) => offsets !== undefined);
    const found = isSilent ? new Set(sets.flatMap((offsets) => offsets ?? [])) : undefined;
    this.#silent.set(name, found);
    return found;
  }

  /** Evaluates without the object, so that no code it calls can have it. */
  #isPlain(value: Expression): boolean {
    const { ConstId, LocalGetId, GlobalGetId, CallId, BinaryId } = this.#binaryen;
    const id = this.#id(value);
    const { left = 0, right = 0, operands = [] } = this.#info(value);
    if (id === Number(CallId)) return operands.every((operand) => this.#isPlain(operand));
    if (id === Number(BinaryId)) return this.#isPlain(left) && this.#isPlain(right);
    if (id === Number(LocalGetId)) return !this.#isLocal(value, THIS);
    return id === Number(ConstId) || id === Number(GlobalGetId);
  }

  /** The offset of a field, if the function stores its second parameter there and does nothing else. */
  #setter(name: string): number | undefined {
    if (!name.includes("#set:")) return undefined;
    if (!this.#setters.has(name)) this.#setters.set(name, this.#stores(name));
    return this.#setters.get(name);
  }

  /** It may tell the collector, too. */
  #stores(name: string): number | undefined {
    const body = this.#functions.getBody(this.#module.getFunction(name));
    const list = this.#id(body) === Number(this.#binaryen.BlockId) ? this.#children(body) : [body];
    const [store = 0, link] = list;
    if (list.length > 2 || this.#id(store) !== Number(this.#binaryen.StoreId)) return undefined;
    const { ptr = 0, value, offset } = this.#info(store);
    if (!this.#isLocal(ptr, THIS) || !this.#isLocal(value as Expression, 1)) return undefined;
    return link === undefined || this.#call(link).target === LINK ? offset : undefined;
  }

  #isZero(expression: Expression): boolean {
    if (this.#id(expression) !== Number(this.#binaryen.ConstId)) return false;
    const { value } = this.#info(expression);
    // Minus zero has a bit.
    return value === 0n || Object.is(value, 0);
  }

  #isLocal(expression: Expression, index: number): boolean {
    if (this.#id(expression) !== Number(this.#binaryen.LocalGetId)) return false;
    return this.#info(expression).index === index;
  }

  #call(expression: Expression): Info {
    return this.#id(expression) === Number(this.#binaryen.CallId) ? this.#info(expression) : {};
  }

  #children(expression: Expression): readonly Expression[] {
    if (this.#id(expression) !== Number(this.#binaryen.BlockId)) return [];
    return this.#info(expression).children ?? [];
  }

  #id(expression: Expression): number {
    return expression === 0 ? -1 : this.#binaryen.getExpressionId(expression);
  }

  #info(expression: Expression): Info {
    return this.#binaryen.getExpressionInfo(expression) as Info;
  }
}
