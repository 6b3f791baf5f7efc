/** Questions about the compiler's syntax tree. */
import type {
  Expression,
  IdentifierExpression,
  ImportStatement,
  LiteralExpression,
  NamedTypeNode,
  Node,
  PropertyAccessExpression,
  TypeNode,
} from "assemblyscript";
import type { Syntax } from "./syntax.js";

function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null && "kind" in value && "range" in value;
}

/** Calls `visit` for a node and what is below it; `visit` says whether to go on below that. */
export function walk(root: Node, visit: (node: Node) => boolean): void {
  const stack: unknown[] = [root];
  while (stack.length > 0) {
    const value = stack.pop();
    if (Array.isArray(value)) stack.push(...(value as unknown[]));
    else if (isNode(value) && visit(value))
      for (const [key, child] of Object.entries(value)) if (key !== "range") stack.push(child);
  }
}

/** Names that an expression may take from around it: of values and of types. */
export function namesIn(syntax: Syntax, expression: Expression): ReadonlySet<string> {
  const { NodeKind } = syntax;
  const names = new Set<string>();
  walk(expression, (node) => {
    if (node.kind === NodeKind.Identifier) names.add((node as IdentifierExpression).text);
    if (node.kind !== NodeKind.PropertyAccess) return true;
    // The property's own name is looked up in the object.
    for (const name of namesIn(syntax, (node as PropertyAccessExpression).expression))
      names.add(name);
    return false;
  });
  return names;
}

/** Whether statements declare or import a name, at whatever depth, other than as a member. */
export function declaresName(
  { NodeKind }: Syntax,
  statements: readonly Node[],
  name: string,
): boolean {
  const members: readonly number[] = [
    NodeKind.MethodDeclaration,
    NodeKind.FieldDeclaration,
    NodeKind.EnumValueDeclaration,
  ];
  let found = false;
  for (const statement of statements)
    walk(statement, (node) => {
      const declared =
        node.kind === NodeKind.Import
          ? (node as ImportStatement).namespaceName
          : "flags" in node && "name" in node && !members.includes(node.kind)
            ? (node.name as IdentifierExpression)
            : null;
      found ||= declared?.text === name;
      return !found;
    });
  return found;
}

/** Whether nothing can change an expression's value between its evaluation and a later one. */
export function isFixed({ NodeKind, LiteralKind }: Syntax, value: Expression): boolean {
  const { kind } = value;
  if (kind !== NodeKind.Literal)
    return (
      kind === NodeKind.True ||
      kind === NodeKind.False ||
      kind === NodeKind.Null ||
      kind === NodeKind.This
    );
  const { literalKind } = value as LiteralExpression;
  return (
    literalKind === LiteralKind.Float ||
    literalKind === LiteralKind.Integer ||
    literalKind === LiteralKind.String
  );
}

/** The first part of a type's name; "" where the type is left out, undefined for a function type. */
export function typeName({ NodeKind }: Syntax, type: TypeNode): string | undefined {
  return type.kind === NodeKind.NamedType
    ? (type as NamedTypeNode).name.identifier.text
    : undefined;
}
