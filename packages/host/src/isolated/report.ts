/** What an operator reads about a domain that has ended. Every line is safe to print. */
import { escapeTerminal } from "@phantasm/seal/escape";
import type { DomainExit } from "../exit.js";
import { fibreLabel } from "../fibres/label.js";
import { formatBytes, formatCount } from "../format.js";
import type { Image } from "../image.js";
import type { Consumer, Observation } from "../observe.js";
import { className } from "../symbolise/names.js";

/** What takes less, compared with the largest, is not what memory was full of. */
const CONSUMER_SHARE_MIN = 0.01;

const VERBS: Readonly<Record<DomainExit["reason"], string>> = {
  exit: "ended",
  abort: "aborted",
  "guest-bug": "broke a rule of the boundary",
  trap: "trapped",
  "stack-overflow": "trapped",
  memory: "ran out of memory",
  "step-limit": "was stopped",
  device: "cannot use a device",
  killed: "was stopped",
};

/** Empty for a domain that ended of its own will: it has said itself what there was to say. */
export async function exitReport(
  exit: DomainExit,
  image: Image,
  imagePath: string,
  observation: Observation | null = null,
): Promise<string> {
  if (exit.reason === "exit") return "";
  const name = escapeTerminal(image.manifest.name);
  const message = exit.message.split("\n").map(escapeTerminal).join("\n");
  const consumers = exit.reason === "memory" ? (observation?.consumers ?? []) : [];
  if (exit.trace.length === 0 && exit.fibre === undefined && consumers.length === 0) {
    return `phantasm: ${name} ${VERBS[exit.reason]}: ${message}\n`;
  }
  // Loaded only now: most domains end well.
  const { readSideFiles } = await import("../symbolise/side-files.js");
  const { symbolise } = await import("../symbolise/symbolise.js");
  const files = readSideFiles(imagePath, image.digest);
  const where = exit.fibre === undefined ? "" : ` in ${fibreLabel(exit.fibre, files.classes)}`;
  const lines = symbolise(exit.trace, image.verified, files);
  const notes = files.problems.map((problem) => `phantasm: ${escapeTerminal(problem)}`);
  const head = `phantasm: ${name} ${VERBS[exit.reason]}${where}: ${message}`;
  return [head, ...consumerLines(consumers, files.classes), ...lines, ...notes].join("\n") + "\n";
}

/** What memory was full of, largest first: `    12.3 MiB in 1 000 objects of main/Item`. */
function consumerLines(
  consumers: readonly Consumer[],
  classes: readonly string[] | null,
): readonly string[] {
  const most = Math.max(...consumers.map(({ bytes }) => bytes));
  const large = consumers.filter(({ bytes }) => bytes >= most * CONSUMER_SHARE_MIN);
  const rows = large.map(({ bytes, objects, classId }) => {
    const name = classes?.[classId] ?? "";
    return {
      size: formatBytes(bytes),
      count: formatCount(objects),
      of: `${objects === 1 ? "object " : "objects"} of ${name === "" ? `class ${classId}` : className(name)}`,
    };
  });
  const sizes = Math.max(...rows.map(({ size }) => size.length));
  const counts = Math.max(...rows.map(({ count }) => count.length));
  return rows.map(
    ({ size, count, of }) => `    ${size.padStart(sizes)} in ${count.padStart(counts)} ${of}`,
  );
}

/** Why a link has ended for good. */
export function goneReport(name: string, device: string, reason: string): string {
  return `phantasm: ${escapeTerminal(name)} has lost the link ${device} for good: ${escapeTerminal(reason)}\n`;
}
