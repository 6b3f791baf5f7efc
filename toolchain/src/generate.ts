/** Writes the AssemblyScript that joins an application to its devices: `.phantasm/devices.ts` and `entry.ts`. */
import type { ArgumentType } from "./configuration/arguments.js";
import type { DeviceParameters } from "./configuration/device.js";
import { kebab, type BootArgument, type Graph, type Node } from "./graph.js";

/** Paths relative to the project, as the compiler sees them. */
export const ENTRY_PATH = ".phantasm/entry";
export const DEVICES_PATH = ".phantasm/devices";

interface ArgumentForm {
  readonly type: string;
  readonly read: string;
  /** Value of an optional argument that was not given; null: the field is nullable. */
  readonly absent: string | null;
}

const ARGUMENT_FORMS: Readonly<Record<ArgumentType, ArgumentForm>> = {
  integer: { type: "i64", read: "integer", absent: "0" },
  duration: { type: "i64", read: "integer", absent: "0" },
  size: { type: "i64", read: "integer", absent: "0" },
  boolean: { type: "bool", read: "boolean", absent: "false" },
  string: { type: "string", read: "text", absent: null },
  enumeration: { type: "string", read: "text", absent: null },
  secret: { type: "string", read: "text", absent: null },
  ipv4: { type: "IPv4", read: "ipv4", absent: null },
  cidr: { type: "CIDR", read: "cidr", absent: null },
};

const HEADER = "// Written by `phantasm build` from phantasm.config.ts. Do not edit.";

/** Import lines, grouped by module; a second name that is taken gets a number. */
class Imports {
  readonly #names = new Map<string, string>();
  readonly #taken = new Set<string>(["Devices", "Arguments"]);

  /** The local name of `name` of `module`. */
  use(module: string, name: string): string {
    const key = `${module}#${name}`;
    const known = this.#names.get(key);
    if (known !== undefined) return known;
    let local = name;
    for (let count = 2; this.#taken.has(local); count++) local = `${name}${count}`;
    this.#taken.add(local);
    this.#names.set(key, local);
    return local;
  }

  toString(): string {
    const modules = new Map<string, string[]>();
    for (const [key, local] of this.#names) {
      const [module = "", name = ""] = key.split("#");
      const names = modules.get(module) ?? [];
      names.push(name === local ? name : `${name} as ${local}`);
      modules.set(module, names);
    }
    return [...modules]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(
        ([module, names]) => `import { ${names.sort().join(", ")} } from "${specifier(module)}";`,
      )
      .join("\n");
  }
}

/** Files of the project are written relative to the configuration, but imported from `.phantasm/`. */
function specifier(module: string): string {
  return module.startsWith(".") ? `.${module.replace(/^\.\//, "./").replace(/\.ts$/, "")}` : module;
}

function capital(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1);
}

function isOptional({ argument }: BootArgument): boolean {
  return !argument.required && argument.default === undefined;
}

function argumentField(argument: BootArgument): string[] {
  const { type, absent } = ARGUMENT_FORMS[argument.argument.type];
  const optional = isOptional(argument);
  const nullable = optional && absent === null ? " | null" : "";
  return [
    `  /** ${argument.argument.help || `--${argument.name}`} */`,
    `  readonly ${argument.field}: ${type}${nullable};`,
    ...(optional && absent !== null
      ? [
          `  /** False: --${argument.name} was not given. */`,
          `  readonly has${capital(argument.field)}: bool;`,
        ]
      : []),
  ];
}

function argumentRead(argument: BootArgument): string[] {
  const { read, absent } = ARGUMENT_FORMS[argument.argument.type];
  const { field } = argument;
  if (!isOptional(argument))
    return ["    reader.present();", `    this.${field} = reader.${read}();`];
  if (absent === null) return [`    this.${field} = reader.present() ? reader.${read}() : null;`];
  // The compiler does not let a constructor read `this` before all its fields are assigned.
  const has = `has${capital(field)}`;
  return [
    `    const ${has} = reader.present();`,
    `    this.${has} = ${has};`,
    `    this.${field} = ${has} ? reader.${read}() : ${absent};`,
  ];
}

function argumentsClass(graph: Graph, imports: Imports): string[] {
  const reader = imports.use("@phantasm/runtime", "ArgumentReader");
  for (const { argument } of graph.arguments) {
    const { type } = ARGUMENT_FORMS[argument.type];
    if (type === "IPv4" || type === "CIDR") imports.use("@phantasm/runtime", type);
  }
  return [
    "/** The boot arguments, already checked by the host. */",
    "export class Arguments {",
    ...graph.arguments.flatMap(argumentField),
    "",
    "  constructor() {",
    `    const reader = new ${reader}();`,
    ...graph.arguments.flatMap(argumentRead),
    "  }",
    "}",
    "",
    "let argumentsOnce: Arguments | null = null;",
    "",
    "function bootArguments(): Arguments {",
    "  let values = argumentsOnce;",
    "  if (values === null) {",
    "    values = new Arguments();",
    "    argumentsOnce = values;",
    "  }",
    "  return values;",
    "}",
    "",
  ];
}

/** Variables of generated code that the link step fills in for data of a device. */
export function dataNames({ id }: Node, parameter: string): { address: string; bytes: string } {
  const name = id + capital(parameter);
  return { address: `${name}Address`, bytes: `${name}Bytes` };
}

function parameter(value: DeviceParameters, node: Node, graph: Graph): string {
  if ("data" in value) {
    const { address, bytes } = dataNames(node, value.name);
    return `${address}, ${bytes}`;
  }
  if ("device" in value) {
    const position = (node.device.parameters ?? []).filter((p) => "device" in p).indexOf(value);
    return `${node.needs[position]?.id ?? ""}Device()`;
  }
  if ("value" in value)
    return typeof value.value === "string" ? JSON.stringify(value.value) : String(value.value);
  if ("argument" in value) {
    const field = graph.arguments.find(
      ({ name }) => name === value.argument || name === kebab(value.argument),
    );
    return `bootArguments().${field?.field ?? value.argument}`;
  }
  return String(node.handle ?? 0);
}

/** The function in generated code whose presence says that a device was reached. */
export function constructorName({ id }: Node): string {
  return `${id}Device`;
}

/**
 * The device that a range of generated code was written for, so that an error there is told where
 * the configuration makes it.
 */
export function nodeBehind(
  graph: Graph,
  text: string,
  start: number,
  end: number,
): Node | undefined {
  const word = text.slice(start, end);
  const imported = graph.nodes.find(
    ({ device }) => word === device.class || word === `"${device.module}"`,
  );
  if (imported) return imported;
  const lineEnd = text.indexOf("\n", start);
  const line = text.slice(text.lastIndexOf("\n", start - 1) + 1, lineEnd < 0 ? undefined : lineEnd);
  const called = graph.nodes.find((node) =>
    [`${constructorName(node)}()`, `let ${node.id}Once`].some((part) => line.includes(part)),
  );
  if (called) return called;
  const above = text.lastIndexOf("\nfunction ", start);
  return graph.nodes.find((node) =>
    text.startsWith(`\nfunction ${constructorName(node)}()`, above),
  );
}

function deviceFunction(node: Node, graph: Graph, imports: Imports): string[] {
  const type = imports.use(node.device.module, node.device.class);
  const parameters = (node.device.parameters ?? []).map((p) => parameter(p, node, graph));
  const data = (node.device.parameters ?? []).flatMap((p) => {
    if (!("data" in p)) return [];
    const { address, bytes } = dataNames(node, p.name);
    return [`let ${address}: usize = 0;`, `let ${bytes}: i32 = 0;`];
  });
  return [
    ...(data.length > 0 ? ["// Filled in when the image is linked."] : []),
    ...data,
    `let ${node.id}Once: ${type} | null = null;`,
    "",
    `function ${constructorName(node)}(): ${type} {`,
    `  let device = ${node.id}Once;`,
    "  if (device === null) {",
    `    device = new ${type}(${parameters.join(", ")});`,
    `    ${node.id}Once = device;`,
    "  }",
    "  return device;",
    "}",
    "",
  ];
}

/** Renders the device graph as AssemblyScript. Deterministic. */
export function generateDevices(graph: Graph): string {
  const imports = new Imports();
  const base = imports.use("@phantasm/runtime", "OperatingSystem");
  const body = [
    ...(graph.arguments.length > 0 ? argumentsClass(graph, imports) : []),
    ...graph.nodes.flatMap((node) => deviceFunction(node, graph, imports)),
    "/** What `main` receives. A device is made when it is first reached. */",
    `export class Devices extends ${base} {`,
    ...graph.devices.flatMap(({ name, node }) => {
      const { provides, interfaces = "@phantasm/interfaces" } = node.device;
      return [
        `  get ${name}(): ${imports.use(interfaces, provides)} {`,
        `    return ${constructorName(node)}();`,
        "  }",
        "",
      ];
    }),
    ...(graph.arguments.length > 0
      ? ["  get arguments(): Arguments {", "    return bootArguments();", "  }", ""]
      : []),
  ];
  if (body.at(-1) === "") body.pop();
  return [HEADER, imports.toString(), "", ...body, "}", ""].join("\n");
}

/**
 * @param main the application's entry relative to the project, such as `./main.ts`
 * @param fibres false when the image is known to have none, although it has their library
 */
export function generateEntry(main: string, fibres = true): string {
  return [
    HEADER,
    'import { dispatch, enter, leave } from "@phantasm/runtime";',
    `import { main } from "${specifier(main.startsWith(".") ? main : `./${main}`)}";`,
    'import { Devices } from "./devices";',
    "",
    "/** One step of the domain: boots in the first, asks the devices in every other. */",
    "export function step(now_ns: i64, events: i32): i64 {",
    "  if (enter(now_ns, events)) start();",
    "  else dispatch();",
    "  return leave();",
    "}",
    "",
    "function boot(): void {",
    "  main(new Devices());",
    "}",
    "",
    ...(fibres
      ? [
          "function start(): void {",
          "  // Only where @phantasm/fibre is linked: main is a fibre then, and may wait.",
          "  if (isDefined(startMainFibre)) startMainFibre(boot);",
          "  else boot();",
          "}",
        ]
      : ["function start(): void {", "  boot();", "}"]),
    "",
  ].join("\n");
}
