/** What `--stats` prints when a domain has ended. Every line is safe to print. */
import { escapeTerminal } from "@phantasm/seal/escape";
import type { DomainStats } from "../domain.js";
import { formatBytes, formatCount, formatDuration } from "../format.js";
import type { Observation } from "../observe.js";
import type { StepTimes } from "../step-times.js";
import type { Report } from "./protocol.js";

type Row = readonly [name: string, value: string];

/** A table of what was counted; what the image does not use is left out. */
export function statsReport(name: string, { stats, observation }: Report): string {
  const rows: readonly Row[] = [
    ...stepRows(stats),
    ["memory", formatBytes(stats.memoryBytes)],
    ...(observation === null ? [] : imageRows(observation)),
    ...diskRows(stats.block ?? {}),
    ...callRows(stats.hypercalls),
  ];
  const width = Math.max(...rows.map(([label]) => label.length));
  const lines = rows.map(([label, value]) => `  ${label.padEnd(width)}  ${value}`);
  return [`phantasm: ${escapeTerminal(name)}:`, ...lines].join("\n") + "\n";
}

/** Fewer steps have no percentiles worth the name. */
const PERCENTILES_STEPS_MIN = 10;

function stepRows({ steps, stepTimes }: DomainStats): Row[] {
  const rows: Row[] = [["steps", formatCount(steps)]];
  if (stepTimes !== undefined && steps > 0) rows.push(["step time", timesText(steps, stepTimes)]);
  return rows;
}

function timesText(
  steps: number,
  { totalNs, medianNs, percentile99Ns, longestNs }: StepTimes,
): string {
  const parts = [`${shortDuration(totalNs)} in all`];
  if (steps >= PERCENTILES_STEPS_MIN) {
    parts.push(`half within ${shortDuration(medianNs)}`);
    parts.push(`99 % within ${shortDuration(percentile99Ns)}`);
  }
  return [...parts, `longest ${shortDuration(longestNs)}`].join(", ");
}

function imageRows(seen: Observation): Row[] {
  const limit = seen.heapLimitBytes === 0 ? "" : ` of ${formatBytes(seen.heapLimitBytes)}`;
  const rows: Row[] = [["heap", `${formatBytes(seen.heapUsedBytes)}${limit}`]];
  if (seen.collections > 0) {
    const freed = `freed ${formatBytes(seen.heapFreedBytes)}`;
    rows.push(["collections", `${formatCount(seen.collections)}, ${freed}${pausesText(seen)}`]);
  }
  if (seen.fibresSpawned > 0) {
    const numbers = [
      `${formatCount(seen.fibres)} live`,
      `${formatCount(seen.fibresSpawned)} spawned`,
      `${formatCount(seen.switches)} switches`,
    ];
    rows.push(["fibres", numbers.join(", ")]);
  }
  if (seen.timersPending > 0) rows.push(["timers", `${formatCount(seen.timersPending)} pending`]);
  if (seen.holds > 0) rows.push(["holds", formatCount(seen.holds)]);
  return [...rows, ...counterRows(seen)];
}

/** One line for each module; what it never counted is left out. */
function counterRows({ counters, connections }: Observation): Row[] {
  const rows = counters.flatMap(({ name, counters: all }): Row[] => {
    const counted = all.filter(({ value }) => value > 0);
    const parts = counted.map((counter) => `${counter.name} ${formatCount(counter.value)}`);
    return parts.length === 0 ? [] : [[name, parts.join(", ")]];
  });
  if (connections.count > 0) rows.push(["connections", formatCount(connections.count)]);
  return rows;
}

/** `, in 40 slices of at most 1 023 units`: a unit is about one object or one block. */
function pausesText({ pauses }: Observation): string {
  const slices = pauses.reduce((sum, count) => sum + count, 0);
  if (slices === 0) return "";
  const largest = pauses.findLastIndex((count) => count > 0);
  const last = largest === pauses.length - 1;
  const bound = last ? `${formatCount(2 ** (largest + 6))} units and more` : null;
  const most = bound ?? `at most ${formatCount(2 ** (largest + 7) - 1)} units`;
  return `, in ${formatCount(slices)} ${slices === 1 ? "slice" : "slices"} of ${most}`;
}

/** One line for each disk; what never happened is left out. */
function diskRows(disks: NonNullable<DomainStats["block"]>): Row[] {
  return Object.entries(disks).map(([name, counted]) => {
    const { reads, readBytes, writes, writtenBytes, flushes, discards, errors } = counted;
    const moved = (what: string, count: number, bytes: number): string =>
      `${what} ${formatCount(count)} (${formatBytes(bytes)})`;
    const parts = [
      ...(reads > 0 ? [moved("reads", reads, readBytes)] : []),
      ...(writes > 0 ? [moved("writes", writes, writtenBytes)] : []),
      ...(flushes > 0 ? [`flushes ${formatCount(flushes)}`] : []),
      ...(discards > 0 ? [`discards ${formatCount(discards)}`] : []),
      ...(errors > 0 ? [`errors ${formatCount(errors)}`] : []),
    ];
    return [escapeTerminal(name), parts.join(", ")];
  });
}

function callRows(hypercalls: DomainStats["hypercalls"]): Row[] {
  const calls = Object.entries(hypercalls);
  const names = Math.max(...calls.map(([call]) => call.length));
  const counts = Math.max(...calls.map(([, count]) => formatCount(count).length));
  return calls.map(([call, count], at) => [
    at === 0 ? "hypercalls" : "",
    `${call.padEnd(names)}  ${formatCount(count).padStart(counts)}`,
  ]);
}

/** Three digits are enough, and a clock has no more. */
function shortDuration(ns: number): string {
  return formatDuration(Number(ns.toPrecision(3)));
}
