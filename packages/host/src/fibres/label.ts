/** What fibres are called. */
import { shortName } from "../symbolise/names.js";
import type { Fibre } from "./table.js";

/**
 * `fibre 12 "worker"`, or the class of one without a name: `fibre 12 (Sleeper)`. Safe to print.
 *
 * @param classes names by number, from `<image>.map`
 */
export function fibreLabel(
  { id, name, classId }: Pick<Fibre, "id" | "name" | "classId">,
  classes: readonly string[] | null,
): string {
  if (name !== "") return `fibre ${id} "${name}"`;
  const className = classes?.[classId];
  return className === undefined || className === ""
    ? `fibre ${id}`
    : `fibre ${id} (${shortName(className)})`;
}
