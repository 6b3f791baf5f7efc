/** Rules about sources that the AssemblyScript compiler does not know, checked on its syntax tree. */
import type { Diagnostic } from "../diagnostics.js";
import type { SourceTree } from "./resolve.js";
import type { Compiler, SyntaxNode, SyntaxSource } from "./compiler.js";

/** Globals of AssemblyScript's standard library that would need a host of their own, and what to use. */
const HOST_GLOBALS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  Math: { random: "use a random device: os.random, from random() of @phantasm/random" },
  Date: { now: "use a clock: os.clock.wall(), from clock() of @phantasm/clock, or os.now" },
  performance: { now: "use os.clock.monotonic(), from clock() of @phantasm/clock" },
  crypto: { "*": "use a random device: os.random, from random() of @phantasm/random" },
  console: { "*": "use a console device: os.console, from console() of @phantasm/console" },
  process: { "*": "use os.exit, os.arguments or a device of the configuration" },
};

/** Sources without one of these names need no look at their expressions. */
const MENTIONS_GLOBAL = new RegExp(`\\b(?:${Object.keys(HOST_GLOBALS).join("|")})\\b`);
/** Sources without one of these words declare no import of the image, and import only at their top. */
const MENTIONS_IMPORT = /\b(?:declare|external|namespace)\b/;

/** The package whose imports are the hypercalls. */
const ABI_PACKAGE = "@phantasm/abi";
/** Declares what Asyncify replaces; nothing of it is left to import. */
const SWITCH_SOURCE = "~lib/@phantasm/fibre/switch.ts";

function isNode(value: unknown): value is SyntaxNode {
  return typeof value === "object" && value !== null && "kind" in value && "range" in value;
}

/** Calls `visit` for every node below `root`, parents first; not recursive, so depth is no limit. */
function walk(root: readonly SyntaxNode[], visit: (node: SyntaxNode) => void): void {
  const seen = new Set<unknown>();
  const stack: unknown[] = [...root].reverse();
  while (stack.length > 0) {
    const value = stack.pop();
    if (Array.isArray(value)) {
      stack.push(...(value as unknown[]));
      continue;
    }
    if (!isNode(value) || seen.has(value)) continue;
    seen.add(value);
    visit(value);
    for (const [key, child] of Object.entries(value))
      if (key !== "range" && (Array.isArray(child) || isNode(child))) stack.push(child);
  }
}

/** The places where a source is at fault. */
export class SourceChecks {
  readonly #compiler: Compiler;
  readonly #tree: SourceTree;
  readonly diagnostics: Diagnostic[] = [];

  constructor(compiler: Compiler, tree: SourceTree) {
    this.#compiler = compiler;
    this.#tree = tree;
  }

  /**
   * @param sources all that were parsed
   * @param main name of the application's entry, without extension
   */
  run(sources: readonly SyntaxSource[], main: string): void {
    for (const source of sources) {
      const own = this.#tree.sources.get(source.normalizedPath);
      if (!own) continue;
      this.#checkHypercalls(source, own.package?.module.hypercalls ?? [], own.package?.name);
      this.#checkGlobals(source);
    }
    const entry = sources.find(({ internalPath }) => internalPath === main);
    if (entry) this.#checkMain(entry);
  }

  #report(node: SyntaxNode, message: string, hint: string): void {
    this.diagnostics.push({
      ...this.#compiler.place(this.#tree, node.range),
      message,
      hint,
    });
  }

  /** Only a driver touches the boundary, and only the calls it declares. */
  #checkHypercalls(
    source: SyntaxSource,
    allowed: readonly string[],
    owner: string | undefined,
  ): void {
    if (owner === ABI_PACKAGE || source.normalizedPath === SWITCH_SOURCE) return;
    const { NodeKind, CommonFlags } = this.#compiler;
    const hypercalls = this.#compiler.hypercalls;
    const isImport = ({ kind, path }: SyntaxNode): boolean =>
      kind === NodeKind.Import && path?.value === ABI_PACKAGE;
    if (!MENTIONS_IMPORT.test(source.text) && !source.statements.some(isImport)) return;
    walk(source.statements, (node) => {
      if (
        (node.kind === NodeKind.FunctionDeclaration ||
          node.kind === NodeKind.VariableDeclaration) &&
        (node.flags ?? 0) & CommonFlags.Ambient &&
        !(node.decorators ?? []).some(({ name }) => name?.text === "external")
      )
        this.#report(
          node,
          `declare ${node.name?.text ?? ""}: an image imports nothing but hypercalls`,
          "Write the function, or use a device of the configuration.",
        );
      if (node.kind === NodeKind.Decorator && node.name?.text === "external")
        this.#report(
          node,
          "@external: only @phantasm/abi declares imports of the image",
          "Import the hypercall from @phantasm/abi in a driver module.",
        );
      if (!isImport(node)) return;
      const declarations = node.declarations;
      if (!declarations) {
        this.#report(
          node,
          "import * of @phantasm/abi hides which hypercalls are used",
          "Import them by name.",
        );
        return;
      }
      for (const declaration of declarations) {
        const name = declaration.foreignName?.text ?? "";
        if (hypercalls.has(name) && !allowed.includes(name))
          this.#report(
            declaration,
            `${owner ?? "the application"} may not import the hypercall ${name}`,
            owner === undefined
              ? "Use a device of the configuration; only drivers touch the boundary."
              : `A driver lists it in package.json: "phantasm": { "hypercalls": ["${name}"] }`,
          );
      }
    });
  }

  /** `Math.random` and its kind would be imports nobody serves; say so where they are written. */
  #checkGlobals(source: SyntaxSource): void {
    if (!MENTIONS_GLOBAL.test(source.text)) return;
    const { NodeKind } = this.#compiler;
    const declared = new Set<string>();
    const uses: { node: SyntaxNode; global: string; member: string }[] = [];
    walk(source.statements, (node) => {
      if (
        node.kind === NodeKind.VariableDeclaration ||
        node.kind === NodeKind.Parameter ||
        node.kind === NodeKind.ImportDeclaration ||
        node.kind === NodeKind.ClassDeclaration
      ) {
        const text = node.name?.text;
        if (text !== undefined) declared.add(text);
      }
      if (node.kind !== NodeKind.PropertyAccess) return;
      const { expression, property } = node;
      if (expression?.kind !== NodeKind.Identifier) return;
      if (property?.text !== undefined)
        uses.push({ node, global: expression.text ?? "", member: property.text });
    });
    for (const { node, global, member } of uses) {
      if (declared.has(global) || !Object.hasOwn(HOST_GLOBALS, global)) continue;
      const hint = HOST_GLOBALS[global]?.[member] ?? HOST_GLOBALS[global]?.["*"];
      if (hint !== undefined)
        this.#report(
          node,
          `${global}.${member} is not part of an image: time, randomness and I/O come from devices`,
          `Instead ${hint}.`,
        );
    }
  }

  /** Checked here, because the compiler would report it in generated code. */
  #checkMain(entry: SyntaxSource): void {
    const { NodeKind, CommonFlags } = this.#compiler;
    const form = "Write: export function main(os: Devices): void { … }";
    let main: SyntaxNode | undefined;
    let reExported = false;
    for (const statement of entry.statements) {
      if (statement.kind === NodeKind.FunctionDeclaration && statement.name?.text === "main")
        main = statement;
      if (statement.kind === NodeKind.Export)
        for (const member of statement.members ?? [])
          if (member.exportedName?.text === "main") reExported = true;
    }
    if (reExported) return;
    if (!main || !((main.flags ?? 0) & CommonFlags.Export)) {
      const where = main ?? entry.statements[0];
      const message = main ? "main is not exported" : "there is no exported function main";
      if (where) this.#report({ ...where, range: (main?.name ?? where).range }, message, form);
      else this.diagnostics.push({ message: `${entry.normalizedPath}: ${message}`, hint: form });
      return;
    }
    const [generic] = main.typeParameters ?? [];
    if (generic) this.#report(generic, "main has no type parameters", form);
    const parameters = main.signature?.parameters ?? [];
    const type = parameters[0]?.type?.name?.identifier?.text;
    const result = main.signature?.returnType?.name?.identifier?.text;
    if (parameters.length > 1 || (parameters.length === 1 && type !== "Devices"))
      this.#report(
        parameters[parameters.length > 1 ? 1 : 0] ?? main,
        "main takes one parameter of type Devices",
        form,
      );
    if (parameters.length === 0) this.#report(main.name ?? main, "main takes no parameter", form);
    if (result !== undefined && result !== "void")
      this.#report(main.signature?.returnType ?? main, `main returns ${result}, not void`, form);
  }
}
