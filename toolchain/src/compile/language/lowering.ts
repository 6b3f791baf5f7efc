/**
 * Rewrites the syntax tree of one source: for…of becomes plain loops, and what is deferred is written at
 * every way out of its block. A trap or an abort ends the domain, so there is no other way out.
 */
import type {
  BlockStatement,
  CallExpression,
  DoStatement,
  ExpressionStatement,
  ForOfStatement,
  ForStatement,
  FunctionDeclaration,
  FunctionExpression,
  IdentifierExpression,
  IfStatement,
  Node,
  Range,
  ReturnStatement,
  Source,
  Statement,
  SwitchStatement,
  TypeDeclaration,
  TypeNode,
  VariableDeclaration,
  VariableStatement,
  WhileStatement,
} from "assemblyscript";
import { lowerLoop } from "./loops.js";
import type { PatternName } from "./rewriting.js";
import { Scopes, type Boundary, type Exit } from "./scopes.js";
import { Maker, hidden, rangeAt, type Syntax } from "./syntax.js";
import { declaresName, isFixed, namesIn, typeName, walk } from "./tree.js";

export interface Mistake {
  readonly range: Range;
  readonly message: string;
  readonly hint: string;
}

type Patterns = ReadonlyMap<number, readonly (PatternName | null)[]>;

const DEFER = "defer";
const RESULT = hidden("result");

const IN_A_BLOCK = "Put it in the braces of the block at whose end it is to be evaluated.";

export class Lowering {
  readonly mistakes: Mistake[] = [];
  /** Loops that were rewritten. */
  loops = 0;
  readonly #syntax: Syntax;
  readonly #patterns: Patterns;
  #scopes = new Scopes();
  #returnType: TypeNode | undefined;
  /** False in a source that has none, or a function `defer` of its own. */
  #defers = true;

  /** @param patterns those taken out of the loops of this source */
  constructor(syntax: Syntax, patterns: Patterns) {
    this.#syntax = syntax;
    this.#patterns = patterns;
  }

  run(source: Source): void {
    this.#defers =
      source.text.includes(DEFER) && !declaresName(this.#syntax, source.statements, DEFER);
    this.#scopes.enter();
    for (const [index, one] of source.statements.entries())
      source.statements[index] = this.#single(one);
    this.#scopes.leave();
  }

  #statement(statement: Statement): Statement {
    const { NodeKind } = this.#syntax;
    switch (statement.kind) {
      case NodeKind.Block: {
        const block = statement as BlockStatement;
        block.statements = this.#scoped(() => this.#statements(block.statements));
        return block;
      }
      case NodeKind.If: {
        const branch = statement as IfStatement;
        this.#expressions(branch.condition);
        branch.ifTrue = this.#single(branch.ifTrue);
        if (branch.ifFalse) branch.ifFalse = this.#single(branch.ifFalse);
        return branch;
      }
      case NodeKind.For:
        return this.#scoped(() => this.#for(statement as ForStatement));
      case NodeKind.ForOf:
        return this.#forOf(statement as ForOfStatement);
      case NodeKind.Do:
      case NodeKind.While: {
        const loop = statement as DoStatement | WhileStatement;
        this.#expressions(loop.condition);
        loop.body = this.#scoped(() => this.#single(loop.body), "loop");
        return loop;
      }
      case NodeKind.Switch:
        return this.#scoped(() => this.#switch(statement as SwitchStatement), "switch");
      case NodeKind.Break:
        return this.#leave(statement, this.#scopes.leaving("loop", "switch"));
      case NodeKind.Continue:
        return this.#leave(statement, this.#scopes.leaving("loop"));
      case NodeKind.Return:
        return this.#return(statement as ReturnStatement);
      case NodeKind.Variable:
        for (const { name, initializer } of (statement as VariableStatement).declarations) {
          if (initializer) this.#expressions(initializer);
          this.#scopes.declare(name.text, name.range);
        }
        return statement;
      case NodeKind.TypeDeclaration: {
        const { name } = statement as TypeDeclaration;
        this.#scopes.declare(name.text, name.range);
        return statement;
      }
      case NodeKind.Expression: {
        const { expression } = statement as ExpressionStatement;
        this.#expressions(expression);
        // A function in a block.
        if (expression.kind === NodeKind.Function) {
          const { name } = (expression as FunctionExpression).declaration;
          this.#scopes.declare(name.text, name.range);
        }
        return statement;
      }
      default:
        this.#expressions(statement);
        return statement;
    }
  }

  #scoped<T>(work: () => T, boundary?: Boundary): T {
    this.#scopes.enter(boundary);
    const result = work();
    this.#scopes.leave();
    return result;
  }

  /** The statements of a block, and what falling out of it evaluates. */
  #statements(statements: readonly Statement[]): Statement[] {
    const lowered: Statement[] = [];
    for (const statement of statements) {
      const call = this.#deferCall(statement);
      if (call) this.#defer(call);
      else lowered.push(this.#statement(statement));
    }
    return [...lowered, ...this.#evaluate(this.#scopes.fallingThrough())];
  }

  /** A statement that is no member of a block. */
  #single(statement: Statement): Statement {
    const call = this.#deferCall(statement);
    if (!call) return this.#statement(statement);
    this.#mistake(call.range, "defer stands outside of a block", IN_A_BLOCK);
    return statement;
  }

  #for(loop: ForStatement): Statement {
    if (loop.initializer) loop.initializer = this.#statement(loop.initializer);
    if (loop.condition) this.#expressions(loop.condition);
    if (loop.incrementor) this.#expressions(loop.incrementor);
    loop.body = this.#scoped(() => this.#single(loop.body), "loop");
    return loop;
  }

  #forOf(loop: ForOfStatement): Statement {
    this.#expressions(loop.iterable);
    const declarations =
      loop.variable.kind === this.#syntax.NodeKind.Variable
        ? (loop.variable as VariableStatement).declarations
        : [];
    const second = declarations[1];
    if (second) this.#mistake(second.range, "for…of declares one variable", "Remove the others.");
    const [declaration] = declarations;
    const names = declaration && this.#patterns.get(declaration.name.range.start);
    this.#scopes.enter();
    for (const name of this.#loopNames(declaration, names))
      this.#scopes.declare(name.text, name.range);
    loop.body = this.#scoped(() => this.#single(loop.body), "loop");
    this.#scopes.leave();
    this.loops++;
    return lowerLoop(this.#syntax, loop, names);
  }

  #loopNames(
    declaration: VariableDeclaration | undefined,
    names: readonly (PatternName | null)[] | undefined,
  ): { text: string; range: Range }[] {
    if (!declaration) return [];
    if (!names) return [declaration.name];
    return names
      .filter((name) => name !== null)
      .map(({ text, start }) => ({
        text,
        range: rangeAt(this.#syntax, declaration.range, start, text.length),
      }));
  }

  #switch(choice: SwitchStatement): Statement {
    this.#expressions(choice.condition);
    for (const { label, statements } of choice.cases) {
      if (label) this.#expressions(label);
      this.#scoped(() => {
        for (const [index, one] of statements.entries()) statements[index] = this.#single(one);
      });
    }
    return choice;
  }

  /** `defer(…)` as a statement. */
  #deferCall(statement: Statement): CallExpression | undefined {
    if (!this.#defers || statement.kind !== this.#syntax.NodeKind.Expression) return undefined;
    const { expression } = statement as ExpressionStatement;
    return this.#isDefer(expression) ? expression : undefined;
  }

  #isDefer(node: Node): node is CallExpression {
    const { NodeKind } = this.#syntax;
    if (!this.#defers || node.kind !== NodeKind.Call) return false;
    const { expression: callee } = node as CallExpression;
    return callee.kind === NodeKind.Identifier && (callee as IdentifierExpression).text === DEFER;
  }

  #defer({ args, range }: CallExpression): void {
    const [expression] = args;
    if (!expression || args.length > 1) {
      const found = `defer takes one expression, not ${args.length}`;
      this.#mistake(range, found, "Write one defer for each; the last one is evaluated first.");
      return;
    }
    this.#expressions(expression);
    this.#scopes.defer(expression, namesIn(this.#syntax, expression));
  }

  #evaluate({ expressions, captures }: Exit): Statement[] {
    for (const { name, range } of captures)
      this.#mistake(
        range,
        `${name} hides the ${name} that is deferred around it`,
        "Give one of the two another name: what is deferred is evaluated where its block is left.",
      );
    return expressions.map((expression) => this.#syntax.Node.createExpressionStatement(expression));
  }

  /** A statement that leaves blocks, after what they deferred. */
  #leave(statement: Statement, exit: Exit): Statement {
    if (exit.expressions.length === 0) return statement;
    return new Maker(this.#syntax, statement.range).block(...this.#evaluate(exit), statement);
  }

  #return(statement: ReturnStatement): Statement {
    const { value, range } = statement;
    if (value) this.#expressions(value);
    const exit = this.#scopes.leaving();
    if (value === null || exit.expressions.length === 0 || isFixed(this.#syntax, value))
      return this.#leave(statement, exit);
    const make = new Maker(this.#syntax, range);
    const type = this.#returnType;
    const name = type && typeName(this.#syntax, type);
    if (name === "void")
      return make.block(make.statement(value), ...this.#evaluate(exit), make.return(null));
    if (!type || name === "")
      this.#mistake(
        range,
        "The type of what is returned past a defer is not declared",
        "Declare the return type of the function.",
      );
    const hiding = name === undefined ? undefined : exit.declared.get(name);
    if (hiding)
      this.#mistake(
        hiding,
        `${name} hides the ${name} that the function returns`,
        "Give one of the two another name: a defer keeps what is returned.",
      );
    return make.block(
      make.const(RESULT, value, type ?? null),
      ...this.#evaluate(exit),
      make.return(make.name(RESULT)),
    );
  }

  /** Lowers the functions in a node that is no statement with statements in it. */
  #expressions(root: Node): void {
    const { NodeKind } = this.#syntax;
    walk(root, (node) => {
      if (node.kind === NodeKind.FunctionDeclaration || node.kind === NodeKind.MethodDeclaration) {
        this.#function(node as FunctionDeclaration);
        return false;
      }
      if (this.#isDefer(node))
        this.#mistake(node.range, "defer is no part of an expression", IN_A_BLOCK);
      return true;
    });
  }

  #function(declaration: FunctionDeclaration): void {
    const { signature, body } = declaration;
    this.#expressions(signature);
    if (!body) return;
    const [scopes, returnType] = [this.#scopes, this.#returnType];
    this.#scopes = new Scopes();
    this.#returnType = signature.returnType;
    this.#scopes.enter();
    declaration.body = this.#single(body);
    [this.#scopes, this.#returnType] = [scopes, returnType];
  }

  #mistake(range: Range, message: string, hint: string): void {
    const known = this.mistakes.some(
      (one) => one.range.start === range.start && one.message === message,
    );
    if (!known) this.mistakes.push({ range, message, hint });
  }
}
