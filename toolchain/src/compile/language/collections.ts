/**
 * AssemblyScript's Map and Set, so that a loop over one can go on after it got another table of entries.
 * Each change names the text it replaces, so that another version of the compiler fails loudly.
 */

/** Methods that tell the compiler, while it decides which loop to compile, what it goes over. */
export const IS_MAP = "__forOfMap";
export const IS_SET = "__forOfSet";

/** Where the loops' functions are, as sources import them. */
export const ITERATION = "@phantasm/runtime/iteration";

/** As the compiler names that source. */
export const ITERATION_PATH = `~lib/${ITERATION}.ts`;

const MARKERS: Readonly<Record<string, string>> = { map: IS_MAP, set: IS_SET };

/**
 * The changed text of the library's `map` or `set`.
 *
 * @throws Error when the text is not the one this was made for
 */
export function withIteration(name: string, text: string): string {
  let changed = text;
  const replace = (from: RegExp, to: string): void => {
    const before = changed;
    changed = changed.replace(from, to);
    if (changed === before)
      throw new Error(`AssemblyScript's ${name} has changed: for…of cannot go over it`);
  };
  replace(/(private entries: ArrayBuffer = )new ArrayBuffer\(/, "$1newTable(");
  replace(/(let newEntries = )new ArrayBuffer\(/, "$1newTable(");
  replace(/(this\.entries = )new ArrayBuffer\(/, "$1clearTable(this.entries, ");
  replace(/(?=this\.entries = newEntries;)/, "replaceTable(this.entries, newEntries); ");
  replace(/(?=@unsafe private __visit)/, `${MARKERS[name] ?? ""}(): void {}\n\n  `);
  return `${changed}\nimport { clearTable, newTable, replaceTable } from "${ITERATION}";\n`;
}
