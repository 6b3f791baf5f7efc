/** What Ctrl-\ prints: what a domain is doing, and its fibres. Every line is safe to print. */
import { escapeTerminal } from "@phantasm/seal/escape";
import type { Connection, ConnectionTable, Endpoint } from "../connections.js";
import type { DescribedFibres, DomainDescription } from "../describe.js";
import type { FibreGroup } from "../fibres/groups.js";
import { fibreLabel } from "../fibres/label.js";
import { formatBytes, formatCount, formatDuration } from "../format.js";
import type { Image } from "../image.js";
import type { SideFiles } from "../symbolise/side-files.js";
import { Symboliser } from "../symbolise/symbolise.js";
import type { BusyDomain } from "./isolated-domain.js";

type Explained = Pick<Image, "verified" | "manifest">;

/** @param files without them, indices and offsets are printed */
export function describeReport(
  seen: DomainDescription | BusyDomain,
  image: Explained,
  files: SideFiles,
): string {
  const symboliser = new Symboliser(image.verified, files);
  const name = escapeTerminal(image.manifest.name);
  const lines =
    "stepNs" in seen ? busyLines(seen, symboliser) : restLines(seen, symboliser, files.classes);
  return [`phantasm: ${name} ${lines[0] ?? ""}`, ...lines.slice(1)].join("\n") + "\n";
}

function busyLines({ stepNs, trace }: BusyDomain, symboliser: Symboliser): string[] {
  const lines = symboliser.trace(trace);
  const where = lines.length === 0 ? "; the engine does not say where" : ":";
  return [`is busy in one step for ${formatDuration(stepNs)}${where}`, ...lines];
}

function restLines(
  seen: DomainDescription,
  symboliser: Symboliser,
  classes: SideFiles["classes"],
): string[] {
  const lines = [`${waitText(seen)} (after ${plural(seen.steps, "step")})`];
  const { observation, fibres } = seen;
  const parts = [`memory ${formatBytes(seen.memoryBytes)}`];
  if (observation !== null) {
    const { heapUsedBytes, heapLimitBytes, timersPending } = observation;
    const limit = heapLimitBytes === 0 ? "" : ` of ${formatBytes(heapLimitBytes)}`;
    parts.push(`heap ${formatBytes(heapUsedBytes)}${limit}`);
    if (timersPending > 0) parts.push(`${plural(timersPending, "timer")} pending`);
  }
  lines.push(`  ${parts.join(", ")}`);
  if (observation !== null) lines.push(...connectionLines(observation.connections));
  return fibres === null || fibres.count === 0
    ? lines
    : [...lines, ...fibreLines(fibres, seen.nowNs, symboliser, classes)];
}

/** As netstat shows them. */
function connectionLines({ count, connections }: ConnectionTable): string[] {
  if (count === 0) return [];
  const shown = connections.slice(0, CONNECTIONS_SHOWN_MAX);
  const rows = [CONNECTION_COLUMNS, ...shown.map(connectionCells)];
  const widths = CONNECTION_COLUMNS.map((_, at) =>
    Math.max(...rows.map((row) => (row[at] ?? "").length)),
  );
  const left = count - shown.length;
  return [
    `  ${plural(count, "connection")}`,
    ...rows.map((row) =>
      `  ${row.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join("  ")}`.trimEnd(),
    ),
    ...(left > 0 ? [`  and ${formatCount(left)} more`] : []),
  ];
}

const CONNECTIONS_SHOWN_MAX = 50;
const CONNECTION_COLUMNS = [
  "",
  "local",
  "remote",
  "state",
  "unread",
  "unacknowledged",
  "RTT",
  "resent",
];

function connectionCells(connection: Connection): string[] {
  const { protocol, local, remote, state, receivedBytes, sentBytes } = connection;
  const { roundTripUs, retransmissions } = connection;
  return [
    protocol,
    endpointText(local),
    remote === null ? "*" : endpointText(remote),
    state,
    String(receivedBytes),
    String(sentBytes),
    roundTripUs === 0 ? "" : shortDuration(roundTripUs * 1_000),
    String(retransmissions),
  ];
}

function endpointText({ address, port }: Endpoint): string {
  return address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
}

function waitText({ deadlineNs, nowNs, waitsFor }: DomainDescription): string {
  const left = deadlineNs === null ? null : Number(deadlineNs - nowNs);
  if (left !== null && left <= 0) return "has work to do";
  const parts = waitsFor.map(escapeTerminal);
  if (left !== null) parts.push(`its next deadline in ${shortDuration(left)}`);
  return `waits for ${parts.length === 0 ? "nothing that can happen" : parts.join(", or ")}`;
}

function fibreLines(
  { groups, left, count, read, complete }: DescribedFibres,
  nowNs: bigint,
  symboliser: Symboliser,
  classes: SideFiles["classes"],
): string[] {
  const more = complete ? "" : " at least: the table is longer, or broken after these";
  const lines = [`  ${plural(count, "fibre")}${more}`];
  for (const group of groups) {
    lines.push(`  ${groupText(group, nowNs, classes)}`, ...stackLines(group, symboliser));
  }
  if (left.fibres > 0) {
    lines.push(`  and ${plural(left.fibres, "fibre")} in ${formatCount(left.groups)} other places`);
  }
  if (count > read) lines.push(`  and ${plural(count - read, "fibre")} that were not looked at`);
  return lines;
}

/** `fibre 12 "worker" waits for a message, for 3.2s more`; or one line for many. */
function groupText(
  { count, looked, fibres, due }: FibreGroup,
  nowNs: bigint,
  classes: SideFiles["classes"],
): string {
  const [first] = fibres;
  if (first === undefined) return "";
  const label = fibreLabel(first, classes);
  const some = looked > 0 && looked < count ? `, ${formatCount(looked)} of them looked at` : "";
  const who = count === 1 ? label : `${formatCount(count)} fibres like this${some}: ${label}`;
  const what = first.waitsFor === "" ? "" : ` for ${first.waitsFor}`;
  const verb = `${verbOf(first.state)}${what}`;
  if (due === null) return `${who} ${verb}`;
  const from = relative(due.firstNs, nowNs);
  const to = relative(due.lastNs, nowNs);
  return `${who} ${verb}, ${from === to ? from : `the first ${from}, the last ${to}`}`;
}

function verbOf(state: FibreGroup["fibres"][number]["state"]): string {
  switch (state) {
    case "waiting":
      return "waits";
    case "sleeping":
      return "sleeps";
    default:
      return `is ${state}`;
  }
}

function stackLines({ stack }: FibreGroup, symboliser: Symboliser): string[] {
  if (stack === "not started") return ["    has not started yet"];
  if (stack === "unknown") return ["    (its stack was not looked at)"];
  return symboliser.fibre(stack.frames);
}

/** `for 3.2s more`. */
function relative(ns: bigint, nowNs: bigint): string {
  const left = Number(ns - nowNs);
  return left <= 0 ? "until now" : `for ${shortDuration(left)} more`;
}

function shortDuration(ns: number): string {
  return formatDuration(Number(ns.toPrecision(3)));
}

function plural(count: number, noun: string): string {
  return `${formatCount(count)} ${noun}${count === 1 ? "" : "s"}`;
}
