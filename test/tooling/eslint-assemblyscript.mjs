/**
 * ESLint rules for AssemblyScript sources: what keeps modules off the host and references where the
 * collector finds them. They read syntax only; types are asc's business.
 */
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

const HYPERCALL_PACKAGE = "@phantasm/abi";

/** Packages that handle raw addresses by trade. */
const RAW_MEMORY_PACKAGES = [HYPERCALL_PACKAGE, "@phantasm/runtime", "@phantasm/testing"];

const HOST_GLOBALS = {
  "Math.random": "use a random device: `random()` in phantasm.config.ts",
  Date: "use a clock device: `clock()` in phantasm.config.ts, or `os.now` for the time of the step",
  console: "use a console device: `console()` in phantasm.config.ts",
  crypto: "use a random device: `random()` in phantasm.config.ts",
};

/** @type {Map<string, { name: string, hypercalls: string[] }>} */
const packages = new Map();

/** The package a file belongs to, by the nearest package.json. */
function packageOf(file) {
  const folder = dirname(file);
  const known = packages.get(folder);
  if (known !== undefined) return known;
  const path = join(folder, "package.json");
  let found;
  if (existsSync(path)) {
    const { name = "", phantasm } = JSON.parse(readFileSync(path, "utf8"));
    found = { name, hypercalls: phantasm?.hypercalls ?? [] };
  } else if (dirname(folder) === folder) {
    found = { name: "", hypercalls: [] };
  } else {
    found = packageOf(folder);
  }
  packages.set(folder, found);
  return found;
}

const isDriver = ({ hypercalls }) => hypercalls.length > 0;

/** Functions are hypercalls; constants and namespaces have a capital. */
const isHypercall = (name) => /^[a-z]/.test(name);

/** A driver lists its hypercalls in package.json; nothing else may reach the host. */
const noHypercalls = {
  meta: { type: "problem", schema: [] },
  create(context) {
    const { name, hypercalls } = packageOf(context.filename);
    if (name === HYPERCALL_PACKAGE) return {};
    const check = (node, what) => {
      if (what !== "*" && (!isHypercall(what) || hypercalls.includes(what))) return;
      const message =
        what === "*"
          ? `import from ${HYPERCALL_PACKAGE} by name: that shows which hypercalls are used`
          : `only a driver uses ${what}: list it under "phantasm": { "hypercalls" } in package.json, or use a device's interface`;
      context.report({ node, message });
    };
    const isAbi = (node) => node.source?.value === HYPERCALL_PACKAGE;
    return {
      ImportDeclaration(node) {
        if (!isAbi(node)) return;
        for (const one of node.specifiers) check(one, one.imported?.name ?? "*");
      },
      ExportNamedDeclaration(node) {
        if (isAbi(node)) for (const one of node.specifiers) check(one, one.local.name);
      },
      ExportAllDeclaration(node) {
        if (isAbi(node)) check(node, "*");
      },
    };
  },
};

/** A bodiless function is an import of the image, and the boundary has one place for those. */
const noForeignImports = {
  meta: {
    type: "problem",
    schema: [{ type: "array", items: { type: "string" } }],
    defaultOptions: [[HYPERCALL_PACKAGE]],
  },
  create(context) {
    if (context.options[0].includes(packageOf(context.filename).name)) return {};
    if (context.filename.endsWith(".d.ts")) return {};
    return {
      "TSDeclareFunction[declare=true]"(node) {
        const message = `an image imports hypercalls only; they are declared in ${HYPERCALL_PACKAGE}`;
        context.report({ node, message });
      },
    };
  },
};

/** `changetype<usize>(object) == 0` keeps nothing. */
const isNullCheck = ({ type, operator, right }) =>
  type === "BinaryExpression" && /^[!=]==?$/.test(operator) && right.value === 0;

/** An address kept outside managed fields is a reference the collector does not see. */
const noChangetypeUsize = {
  meta: { type: "problem", schema: [] },
  create(context) {
    const owner = packageOf(context.filename);
    if (RAW_MEMORY_PACKAGES.includes(owner.name) || isDriver(owner)) return {};
    return {
      'CallExpression[callee.name="changetype"]'(node) {
        const target = node.typeArguments?.params[0]?.typeName?.name;
        if (target !== "usize" || isNullCheck(node.parent)) return;
        const message =
          "changetype<usize> hides a reference from the collector: keep the object, or do this in a driver";
        context.report({ node, message });
      },
    };
  },
};

/** Globals of JavaScript that AssemblyScript offers, and that would reach around the devices. */
const noHostGlobals = {
  meta: { type: "problem", schema: [] },
  create(context) {
    const report = (node, name) =>
      context.report({ node, message: `${name} is not available: ${HOST_GLOBALS[name]}` });
    const isGlobal = (node) => {
      let scope = context.sourceCode.getScope(node);
      while (scope !== null) {
        const variable = scope.set.get(node.name);
        if (variable !== undefined) return variable.defs.length === 0;
        scope = scope.upper;
      }
      return true;
    };
    return {
      MemberExpression({ object, property, computed }) {
        if (object.type !== "Identifier" || !isGlobal(object)) return;
        if (object.name === "Math" && !computed && property.name === "random")
          report(object, "Math.random");
        else if (object.name === "console" || object.name === "Date" || object.name === "crypto")
          report(object, object.name);
      },
      NewExpression({ callee }) {
        if (callee.type === "Identifier" && callee.name === "Date" && isGlobal(callee))
          report(callee, "Date");
      },
    };
  },
};

export default {
  meta: { name: "assemblyscript" },
  rules: {
    "no-hypercalls": noHypercalls,
    "no-foreign-imports": noForeignImports,
    "no-changetype-usize": noChangetypeUsize,
    "no-host-globals": noHostGlobals,
  },
};
