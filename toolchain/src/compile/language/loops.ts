/**
 * `for (… of …)` becomes a plain loop. What is iterated is known only when the compiler resolves types, so a
 * loop of each kind is written, one in each branch of an `if` that the compiler decides: it compiles one of
 * them and does not look at the others. All of them share the nodes of the body.
 */
import type {
  CallExpression,
  Expression,
  ExpressionStatement,
  ForOfStatement,
  IdentifierExpression,
  PropertyAccessExpression,
  Statement,
  VariableDeclaration,
  VariableStatement,
} from "assemblyscript";
import { IS_MAP, IS_SET } from "./collections.js";
import type { PatternName } from "./rewriting.js";
import { Maker, hidden, rangeAt, type Syntax } from "./syntax.js";

/** Functions of packages/runtime/assembly/iteration.ts. */
export const HELPERS = [
  ...["character", "element", "entry", "isHole"],
  ...["mapEnd", "mapKey", "mapNext", "mapTable", "mapValue"],
  ...["setEnd", "setNext", "setTable", "setValue"],
] as const;

/** Functions that the compiler knows itself. */
export const BUILTINS = ["isArrayLike", "isDefined", "isString"] as const;

type Helper = (typeof HELPERS)[number] | (typeof BUILTINS)[number];

/** Methods whose result a loop goes over without making it. */
const VIEWS = ["entries", "keys", "values"] as const;
type View = (typeof VIEWS)[number] | "self";

/** Properties that nothing has; the compiler's messages about them are reworded (hints.ts). */
export const NOT_ITERABLE = "for…of";
export const NO_THIRD_PART = "for…of a third part";

const ITEMS = hidden("items");
const INDEX = hidden("index");
const TABLE = hidden("table");
const STEP = hidden("step");
const ITEM = hidden("item");
const FOUND = hidden("found");

/** What ends a domain whose array has a place for an object and no object there. */
const HOLE = "for…of met an element that was never set";

/** What one round of a loop gives: one value, or the two parts of an entry. */
type Item = readonly [value: Expression] | readonly [key: Expression, value: Expression];

/** Writes the loops that one for…of can be. */
class Loop {
  readonly #syntax: Syntax;
  readonly #statement: ForOfStatement;
  readonly #names: readonly (PatternName | null)[] | undefined;
  readonly #make: Maker;

  constructor(
    syntax: Syntax,
    statement: ForOfStatement,
    names: readonly (PatternName | null)[] | undefined,
  ) {
    this.#syntax = syntax;
    this.#statement = statement;
    this.#names = names;
    this.#make = new Maker(syntax, statement.iterable.range);
  }

  lower(): Statement {
    const make = this.#make;
    const { iterable } = this.#statement;
    const plain = make.block(make.const(ITEMS, iterable), this.#branches("self"));
    const view = this.#viewed(iterable);
    if (!view) return plain;
    const { object, name } = view;
    // An own method of that name is called; the object may even be a namespace or a class.
    const builtin = make.or(
      make.or(this.#has(object, IS_MAP), this.#has(object, IS_SET)),
      make.and(this.#has(object, "length"), make.not(this.#has(object, name))),
    );
    const direct = make.block(make.const(ITEMS, object), this.#branches(name));
    return make.block(make.if(builtin, direct, plain));
  }

  /** `object.keys()` and the like. */
  #viewed(iterable: Expression): { object: Expression; name: View } | undefined {
    const { NodeKind } = this.#syntax;
    if (iterable.kind !== NodeKind.Call) return undefined;
    const { expression: callee, args, typeArguments } = iterable as CallExpression;
    if (callee.kind !== NodeKind.PropertyAccess || args.length > 0 || typeArguments)
      return undefined;
    const { expression: object, property } = callee as PropertyAccessExpression;
    if (object.kind === NodeKind.Super) return undefined;
    const name = VIEWS.find((known) => known === property.text);
    return name && { object, name };
  }

  #call(helper: Helper, ...operands: Expression[]): Expression {
    return this.#make.call(hidden(helper), ...operands);
  }

  #has(object: Expression, property: string): Expression {
    return this.#call("isDefined", this.#make.property(object, property));
  }

  #branches(view: View): Statement {
    const make = this.#make;
    const items = make.name(ITEMS);
    const otherwise = make.statement(make.property(items, view === "self" ? NOT_ITERABLE : view));
    const array = make.if(this.#call("isArrayLike", items), this.#overArray(view), otherwise);
    const set = make.if(this.#has(items, IS_SET), this.#overSet(view), array);
    const map = make.if(this.#has(items, IS_MAP), this.#overMap(view), set);
    const string = view === "self" ? this.#overString() : otherwise;
    return make.if(this.#call("isString", items), string, map);
  }

  #overArray(view: View): Statement {
    const make = this.#make;
    const index = make.name(INDEX);
    const element = make.name(FOUND);
    return make.for(
      make.let({ name: INDEX, value: make.integer(0) }),
      make.less(index, make.property(make.name(ITEMS), "length")),
      make.increment(INDEX),
      view === "keys"
        ? this.#round([index])
        : make.block(
            make.const(FOUND, this.#call("element", make.name(ITEMS), index)),
            // Here and not in the function, so that it is reported at the loop.
            make.if(this.#call("isHole", element), make.abort(HOLE), null),
            this.#round(view === "entries" ? [index, element] : [element]),
          ),
    );
  }

  #overString(): Statement {
    const make = this.#make;
    const index = make.name(INDEX);
    const items = make.name(ITEMS);
    const zero = make.integer(0);
    return make.for(
      make.let({ name: INDEX, value: zero }, { name: STEP, value: zero }),
      make.less(index, make.property(items, "length")),
      make.assign(index, make.plus(index, make.name(STEP))),
      make.block(
        make.const(ITEM, this.#call("character", items, index)),
        make.statement(make.assign(make.name(STEP), make.property(make.name(ITEM), "length"))),
        this.#round([make.name(ITEM)]),
      ),
    );
  }

  #overSet(view: View): Statement {
    const make = this.#make;
    const value = this.#call("setValue", make.name(ITEMS), make.name(INDEX));
    return this.#overTable("set", view === "entries" ? [value, value] : [value]);
  }

  #overMap(view: View): Statement {
    const make = this.#make;
    const key = this.#call("mapKey", make.name(ITEMS), make.name(INDEX));
    const value = this.#call("mapValue", make.name(ITEMS), make.name(INDEX));
    return this.#overTable(
      "map",
      view === "keys" ? [key] : view === "values" ? [value] : [key, value],
    );
  }

  #overTable(kind: "map" | "set", item: Item): Statement {
    const make = this.#make;
    const items = make.name(ITEMS);
    const index = make.name(INDEX);
    const table = make.name(TABLE);
    const next = this.#call(`${kind}Next`, items, table, index);
    return make.for(
      make.let(
        { name: TABLE, value: this.#call(`${kind}Table`, items) },
        { name: INDEX, value: make.integer(0) },
      ),
      make.less(make.assign(index, next), this.#call(`${kind}End`, items)),
      make.increment(INDEX),
      make.block(
        make.statement(make.assign(table, this.#call(`${kind}Table`, items))),
        this.#round(item),
      ),
    );
  }

  /** The loop's variables, then its body, which may declare the same names again. */
  #round(item: Item): Statement {
    return this.#make.block(...this.#bind(item), this.#statement.body);
  }

  #bind(item: Item): Statement[] {
    const make = this.#make;
    const { variable } = this.#statement;
    const { NodeKind } = this.#syntax;
    const one = (): Expression =>
      item.length === 2 ? this.#call("entry", item[0], item[1]) : item[0];
    if (variable.kind === NodeKind.Expression)
      return [make.statement(make.assign((variable as ExpressionStatement).expression, one()))];
    const [declaration] = (variable as VariableStatement).declarations;
    if (!declaration) return [];
    if (this.#names) return this.#bindParts(declaration, this.#names, item);
    return [this.#declare(declaration, declaration.name, one())];
  }

  #bindParts(
    declaration: VariableDeclaration,
    names: readonly (PatternName | null)[],
    item: Item,
  ): Statement[] {
    const make = this.#make;
    const part = (index: number): Expression =>
      item.length === 2
        ? (item[index] ?? make.property(make.name(ITEMS), NO_THIRD_PART))
        : make.element(make.name(ITEM), make.integer(index));
    const parts = names.flatMap((name, index) => {
      if (name === null) return [];
      const range = rangeAt(this.#syntax, declaration.range, name.start, name.text.length);
      const node = new Maker(this.#syntax, range).name(name.text);
      return [this.#declare(declaration, node, part(index))];
    });
    return item.length === 2 ? parts : [make.const(ITEM, item[0]), ...parts];
  }

  #declare(
    { flags, type }: VariableDeclaration,
    name: IdentifierExpression,
    value: Expression,
  ): Statement {
    return new Maker(this.#syntax, name.range).declare(flags, { name, type, value });
  }
}

/** @param names those of the pattern, if the loop has one */
export function lowerLoop(
  syntax: Syntax,
  statement: ForOfStatement,
  names: readonly (PatternName | null)[] | undefined,
): Statement {
  return new Loop(syntax, statement, names).lower();
}
