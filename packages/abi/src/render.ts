/** Renders the specification as AssemblyScript declarations and as the reference page. */
import {
  ABI_VERSION,
  ABORT_REASONS,
  BLOCK_FLAGS,
  BLOCK_OPERATIONS,
  ERRORS,
  EVENTS,
  EXIT,
  EXPORTS,
  HYPERCALLS,
  IMPORT_MODULE,
  LIMITS,
  NET_FEATURES,
  OBSERVATION_BLOCK,
  WAKE_UP,
  type Hypercall,
  type Parameter,
} from "./specification.js";

type Table = Readonly<Record<string, { readonly value: number; readonly meaning: string }>>;

const TABLES: readonly { title: string; namespace: string; table: Table }[] = [
  { title: "Errors", namespace: "Errno", table: ERRORS },
  { title: "Events", namespace: "Event", table: EVENTS },
  { title: "Exit codes", namespace: "Exit", table: EXIT },
  { title: "Abort reasons", namespace: "AbortReason", table: ABORT_REASONS },
  { title: "Block operations", namespace: "BlockOperation", table: BLOCK_OPERATIONS },
  { title: "Block flags", namespace: "BlockFlag", table: BLOCK_FLAGS },
  { title: "Net features", namespace: "NetFeature", table: NET_FEATURES },
  { title: "Observation block", namespace: "ObservationBlock", table: OBSERVATION_BLOCK },
  { title: "Limits", namespace: "Limit", table: LIMITS },
];

const I32_MAX = 0x7fff_ffff;

/** Pointers and sizes are `usize` in AssemblyScript, so that callers need no cast. */
function assemblyType(parameter: Parameter): string {
  return parameter.unit.startsWith("pointer") ? "usize" : parameter.type;
}

function assemblyConstant(name: string, value: number): string {
  const type = Math.abs(value) > I32_MAX ? "i64" : "i32";
  return `  export const ${name}: ${type} = ${value};`;
}

function comment(lines: readonly string[]): string {
  return ["/**", ...lines.map((line) => ` * ${line}`), " */"].join("\n");
}

function assemblyFunction(call: Hypercall): string {
  const parameters = call.parameters.map((p) => `${p.name}: ${assemblyType(p)}`).join(", ");
  const doc = [
    call.summary,
    ...call.parameters.map((p) => `@param ${p.name} ${p.unit}`),
    ...(call.result ? [`@returns ${call.result.unit}`] : []),
    ...(call.errors.length > 0 ? [`Errors: ${call.errors.join(", ")}.`] : []),
    ...call.rules,
  ];
  return [
    comment(doc),
    "// @ts-ignore: decorator",
    `@external("${IMPORT_MODULE}", "${call.name}")`,
    `export declare function ${call.name}(${parameters}): ${call.result?.type ?? "void"};`,
  ].join("\n");
}

/** The whole text of `assembly/index.ts`. */
export function assemblyDeclarations(): string {
  const namespaces = TABLES.map(({ title, namespace, table }) =>
    [
      `/** ${title}. */`,
      `export namespace ${namespace} {`,
      ...Object.entries(table).flatMap(([name, { value, meaning }]) => [
        `  /** ${meaning} */`,
        assemblyConstant(name, value),
      ]),
      "}",
    ].join("\n"),
  );
  return [
    "// Generated from packages/abi/src/specification.ts by `npm run generate`. Do not edit.",
    "",
    "/** The ABI version these declarations describe. */",
    `export const ABI_VERSION: i32 = ${ABI_VERSION};`,
    "",
    "/** What step returns when nothing is due. */",
    "export const NO_DEADLINE: i64 = i64.MAX_VALUE;",
    "",
    namespaces.join("\n\n"),
    "",
    HYPERCALLS.map(assemblyFunction).join("\n\n"),
    "",
  ].join("\n");
}

function signature(call: Hypercall): string {
  const parameters = call.parameters.map((p) => `${p.name}: ${p.type}`).join(", ");
  return `${call.name}(${parameters})${call.result ? ` → ${call.result.type}` : ""}`;
}

function hypercallSection(call: Hypercall): string {
  return [
    `### \`${signature(call)}\``,
    "",
    `${call.summary} Capability: ${call.capability ? `\`${call.capability}\`` : "always there"}.`,
    "",
    ...call.parameters.map((p) => `- \`${p.name}\`: ${p.unit}`),
    ...(call.result ? [`- returns ${call.result.unit}`] : []),
    ...(call.errors.length > 0 ? [`- errors: ${call.errors.join(", ")}`] : []),
    ...call.rules.map((rule) => `- ${rule}`),
    "",
  ].join("\n");
}

/** The whole text of `docs/reference/abi.md`. */
export function referencePage(): string {
  return [
    `# The boundary, ABI version ${ABI_VERSION}`,
    "",
    "Generated from `packages/abi/src/specification.ts` by `npm run generate`.",
    "",
    "An image is a reactor: the host calls `step`, the image runs what can run and returns the next",
    "deadline. Between steps its memory and its mutable globals are its whole state.",
    "",
    "MUST, MUST NOT, SHOULD and MAY are those of RFC 2119. A guest bug (wrong pointer, handle,",
    "alignment or size) ends the domain with exit code 100; a circumstance is a negative result.",
    "",
    "A new hypercall, event bit or error raises the ABI version by one. A host names the versions",
    "it runs and refuses the others. The meaning of a published version never changes.",
    "",
    "## Exports",
    "",
    ...EXPORTS.flatMap(({ name, signature, rules }) => [
      `### \`${name}\`: ${signature}`,
      "",
      ...rules.map((rule) => `- ${rule}`),
      "",
    ]),
    "### `g0`, `g1` …: globals",
    "",
    "- Every mutable global, in index order, of type i32 or i64; nothing else is exported.",
    "",
    "## Wake-up",
    "",
    ...WAKE_UP.map((rule) => `- ${rule}`),
    "",
    "## Hypercalls",
    "",
    `All are functions of the module \`${IMPORT_MODULE}\`. None of them blocks.`,
    "",
    HYPERCALLS.map(hypercallSection).join("\n"),
    ...TABLES.flatMap(({ title, table }) => [
      `## ${title}`,
      "",
      "| name | value | meaning |",
      "| --- | --- | --- |",
      ...Object.entries(table).map(
        ([name, { value, meaning }]) => `| ${name} | ${value} | ${meaning} |`,
      ),
      "",
    ]),
  ].join("\n");
}
