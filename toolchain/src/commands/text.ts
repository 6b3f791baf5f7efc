/** Numbers and words for people. */

/** `812 B`, `8.1 kB`, `1.3 MB`: powers of 1000, three significant digits. */
export function formatBytes(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  const units = ["kB", "MB", "GB"];
  let value = bytes / 1000;
  let at = 0;
  // 999.5 would print as 1000.
  for (; value >= 999.5 && at < units.length - 1; at++) value /= 1000;
  return `${value < 9.995 ? value.toFixed(2) : value < 99.95 ? value.toFixed(1) : value.toFixed(0)} ${units[at] ?? ""}`;
}

/** Pages of 64 KiB as `64K`, `16M`, `4G`: the way sizes are written in configurations. */
export function formatPages(pages: number): string {
  const kibibytes = pages * 64;
  if (kibibytes % 1_048_576 === 0) return `${kibibytes / 1_048_576}G`;
  return kibibytes % 1024 === 0 ? `${kibibytes / 1024}M` : `${kibibytes}K`;
}

/** `85 ms`, `1.2 s`. */
export function formatMilliseconds(milliseconds: number): string {
  return milliseconds < 1000
    ? `${Math.round(milliseconds)} ms`
    : `${(milliseconds / 1000).toFixed(1)} s`;
}

/** `1 device`, `2 devices`. */
export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}

/** `name  value` lines, values aligned. Empty values are left out. */
export function card(rows: readonly (readonly [string, string])[], indent = "  "): string {
  const kept = rows.filter(([, value]) => value !== "");
  const width = Math.max(...kept.map(([name]) => name.length));
  const margin = "\n" + indent + " ".repeat(width + 2);
  return kept
    .map(([name, value]) => `${indent}${name.padEnd(width)}  ${value.replaceAll("\n", margin)}\n`)
    .join("");
}

/** `80/tcp`, `443/tcp (https)`. */
export function serviceText({
  port,
  protocol,
  scheme,
}: {
  readonly port: number;
  readonly protocol: string;
  readonly scheme?: string;
}): string {
  return `${port}/${protocol}${scheme === undefined ? "" : ` (${scheme})`}`;
}
