/** Makes nodes of the compiler's syntax tree. All of one maker lie at one place of the user's source. */
import type {
  CommonFlags,
  Expression,
  IdentifierExpression,
  LiteralKind,
  NodeKind,
  Node as SyntaxNode,
  Range,
  Statement,
  Token,
  TypeNode,
} from "assemblyscript";

/** The part of the compiler's library that is used; its enums are there at run time. */
export interface Syntax {
  readonly Node: typeof SyntaxNode;
  readonly NodeKind: Readonly<Record<keyof typeof NodeKind, NodeKind>>;
  readonly CommonFlags: Readonly<Record<keyof typeof CommonFlags, CommonFlags>>;
  readonly Token: Readonly<Record<keyof typeof Token, Token>>;
  readonly LiteralKind: Readonly<Record<keyof typeof LiteralKind, LiteralKind>>;
  readonly Range: typeof Range;
}

/** Defined by the compiler's library. */
declare function i64_new(low: number, high: number): i64;

export async function loadSyntax(): Promise<Syntax> {
  return import("assemblyscript");
}

/** A name that no source can hold, for what the user must not see or shadow. */
export function hidden(name: string): string {
  return `~${name}`;
}

/** A place in the source of another place. */
export function rangeAt({ Range }: Syntax, place: Range, start: number, length: number): Range {
  const range = new Range(start, start + length);
  range.source = place.source;
  return range;
}

/** One variable of a declaration; a name of its own place may come as a node. */
export interface Variable {
  readonly name: string | IdentifierExpression;
  readonly type?: TypeNode | null;
  readonly value: Expression;
}

/** Makes nodes that all have the same range. */
export class Maker {
  readonly #syntax: Syntax;
  readonly #range: Range;

  constructor(syntax: Syntax, range: Range) {
    this.#syntax = syntax;
    this.#range = range;
  }

  name(text: string): IdentifierExpression {
    return this.#syntax.Node.createIdentifierExpression(text, this.#range);
  }

  integer(value: number): Expression {
    return this.#syntax.Node.createIntegerLiteralExpression(i64_new(value, 0), this.#range);
  }

  element(object: Expression, index: Expression): Expression {
    return this.#syntax.Node.createElementAccessExpression(object, index, this.#range);
  }

  call(callee: string, ...operands: Expression[]): Expression {
    return this.#syntax.Node.createCallExpression(this.name(callee), null, operands, this.#range);
  }

  property(object: Expression, name: string): Expression {
    return this.#syntax.Node.createPropertyAccessExpression(object, this.name(name), this.#range);
  }

  not(operand: Expression): Expression {
    const { Node, Token } = this.#syntax;
    return Node.createUnaryPrefixExpression(Token.Exclamation, operand, this.#range);
  }

  increment(variable: string): Expression {
    const { Node, Token } = this.#syntax;
    return Node.createUnaryPrefixExpression(Token.Plus_Plus, this.name(variable), this.#range);
  }

  binary(operator: Token, left: Expression, right: Expression): Expression {
    return this.#syntax.Node.createBinaryExpression(operator, left, right, this.#range);
  }

  less(left: Expression, right: Expression): Expression {
    return this.binary(this.#syntax.Token.LessThan, left, right);
  }

  and(left: Expression, right: Expression): Expression {
    return this.binary(this.#syntax.Token.Ampersand_Ampersand, left, right);
  }

  or(left: Expression, right: Expression): Expression {
    return this.binary(this.#syntax.Token.Bar_Bar, left, right);
  }

  plus(left: Expression, right: Expression): Expression {
    return this.binary(this.#syntax.Token.Plus, left, right);
  }

  assign(target: Expression, value: Expression): Expression {
    const { Node, Token } = this.#syntax;
    return Node.createParenthesizedExpression(
      this.binary(Token.Equals, target, value),
      this.#range,
    );
  }

  statement(expression: Expression): Statement {
    return this.#syntax.Node.createExpressionStatement(expression);
  }

  block(...statements: Statement[]): Statement {
    return this.#syntax.Node.createBlockStatement(statements, this.#range);
  }

  empty(): Statement {
    return this.#syntax.Node.createEmptyStatement(this.#range);
  }

  if(condition: Expression, then: Statement, otherwise: Statement | null): Statement {
    return this.#syntax.Node.createIfStatement(condition, then, otherwise, this.#range);
  }

  for(
    initializer: Statement,
    condition: Expression,
    incrementor: Expression,
    body: Statement,
  ): Statement {
    const { Node } = this.#syntax;
    return Node.createForStatement(initializer, condition, incrementor, body, this.#range);
  }

  declare(flags: CommonFlags, ...variables: Variable[]): Statement {
    const { Node } = this.#syntax;
    const declarations = variables.map(({ name, type = null, value }) =>
      Node.createVariableDeclaration(
        typeof name === "string" ? this.name(name) : name,
        null,
        flags,
        type,
        value,
        this.#range,
      ),
    );
    return Node.createVariableStatement(null, declarations, this.#range);
  }

  const(name: string, value: Expression, type: TypeNode | null = null): Statement {
    return this.declare(this.#syntax.CommonFlags.Const, { name, type, value });
  }

  let(...variables: Variable[]): Statement {
    return this.declare(this.#syntax.CommonFlags.Let, ...variables);
  }

  return(value: Expression | null): Statement {
    return this.#syntax.Node.createReturnStatement(value, this.#range);
  }

  /** What `throw` does; the class of an error is not looked at. */
  abort(message: string): Statement {
    const { Node } = this.#syntax;
    const error = Node.createNewExpression(
      Node.createSimpleTypeName(hidden("Error"), this.#range),
      null,
      [Node.createStringLiteralExpression(message, this.#range)],
      this.#range,
    );
    return Node.createThrowStatement(error, this.#range);
  }

  /** Imports under hidden names. */
  import(path: string, names: readonly string[]): Statement {
    const { Node } = this.#syntax;
    return Node.createImportStatement(
      names.map((name) =>
        Node.createImportDeclaration(this.name(name), this.name(hidden(name)), this.#range),
      ),
      Node.createStringLiteralExpression(path, this.#range),
      this.#range,
    );
  }
}
