/** What an operator reads about a domain that has ended. Every line is safe to print. */
import { escapeTerminal } from "@phantasm/seal/escape";
import type { DomainExit } from "../exit.js";
import { formatBytes, formatDuration } from "../format.js";
import type { Image } from "../image.js";
import type { Report } from "./protocol.js";

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
): Promise<string> {
  if (exit.reason === "exit") return "";
  const name = escapeTerminal(image.manifest.name);
  const message = exit.message.split("\n").map(escapeTerminal).join("\n");
  const head = `phantasm: ${name} ${VERBS[exit.reason]}: ${message}`;
  if (exit.trace.length === 0) return `${head}\n`;
  // Loaded only now: most domains end well.
  const { readSideFiles } = await import("../symbolise/side-files.js");
  const { symbolise } = await import("../symbolise/symbolise.js");
  const files = readSideFiles(imagePath, image.digest);
  const lines = symbolise(exit.trace, image.verified, files);
  const notes = files.problems.map((problem) => `phantasm: ${escapeTerminal(problem)}`);
  return [head, ...lines, ...notes].join("\n") + "\n";
}

/** Why a link has ended for good. */
export function goneReport(name: string, device: string, reason: string): string {
  return `phantasm: ${escapeTerminal(name)} has lost the link ${device} for good: ${escapeTerminal(reason)}\n`;
}

/** The counters that `--stats` prints. */
export function statsReport(name: string, { stats, observation }: Report): string {
  const lines = [
    `phantasm: ${escapeTerminal(name)}: ${stats.steps} ${stats.steps === 1 ? "step" : "steps"}, ${formatBytes(stats.memoryBytes)} of memory`,
  ];
  for (const [call, count] of Object.entries(stats.hypercalls)) lines.push(`  ${call} ${count}`);
  if (observation !== null) {
    const { heapUsedBytes, collections, timersPending, holds, lastStepNs } = observation;
    lines.push(
      `  heap ${formatBytes(heapUsedBytes)}, ${collections} collections, ${timersPending} timers, ` +
        `${holds} holds, last step at ${formatDuration(Number(lastStepNs))}`,
    );
  }
  return `${lines.join("\n")}\n`;
}
