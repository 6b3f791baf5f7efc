/** `phantasm kv check`. */
import { escapeTerminal } from "@phantasm/seal/escape";
import { check, type CheckReport } from "@phantasm/kv-format";
import { FAILURE_STATUS } from "./errors.js";
import { shellWord } from "./files.js";
import { withDisk } from "./kv-disk.js";
import type { Invocation } from "./parse.js";
import { statusLine } from "./progress.js";
import type { Terminal } from "./terminal.js";
import { card, count, formatBytes } from "./text.js";

/** `phantasm kv check FILE [--json]`. */
export function kvCheck(invocation: Invocation, terminal: Terminal): Promise<number> {
  const [file = ""] = invocation.operands;
  return withDisk(file, { readonly: true }, ({ device, name }) => {
    const line = statusLine(terminal);
    let percent = -1;
    const report = check(device, {
      onProgress(done, total) {
        const now = Math.min(99, Math.floor((100 * done) / Math.max(1, total)));
        if (now !== percent) line.show(`checking ${name} … ${(percent = now)} %`);
      },
    });
    line.clear();
    const good = report.damageCount === 0;
    if (invocation.flag("json"))
      terminal.out(`${JSON.stringify({ file: name, good, ...report }, null, 2)}\n`);
    else print(report, name, terminal);
    return Promise.resolve(good ? 0 : FAILURE_STATUS);
  });
}

function print(
  { damages, damageCount, notes, summary }: CheckReport,
  name: string,
  terminal: Terminal,
): void {
  const { out, outStyle, say, program } = terminal;
  for (const damage of damages) out(`${name}: ${escapeTerminal(damage)}\n`);
  if (damageCount > damages.length)
    out(`${name}: and ${count(damageCount - damages.length, "damage")} more\n`);
  for (const note of notes)
    out(`${name}: ${escapeTerminal(note)} (${outStyle.yellow("a note")})\n`);
  if (damages.length + notes.length > 0) out("\n");
  out(
    damageCount === 0
      ? `${name} holds a good store.\n`
      : `${name} holds a ${outStyle.red("damaged")} store.\n`,
  );
  const expiring = summary.expiring === 0 ? "" : `, ${summary.expiring} in the tree expire`;
  const lost = summary.lostBytes === 0 ? "" : `, ${formatBytes(summary.lostBytes)} of it lost`;
  out(
    card([
      ["entries", `${summary.entries}${expiring}`],
      [
        "content",
        `${formatBytes(summary.keyBytes)} of keys, ${formatBytes(summary.valueBytes)} of values in the tree`,
      ],
      ["used", `${formatBytes(summary.usedBytes)} of ${formatBytes(summary.storeBytes)}${lost}`],
      ["free", formatBytes(summary.freeBytes)],
      ["tree", `${count(summary.depth, "level")}, generation ${summary.generation}`],
      [
        "log",
        `${count(summary.logRecords, "record")}, ${formatBytes(summary.logBytes)} of ${formatBytes(summary.logCapacityBytes)}`,
      ],
      ["version", summary.version],
      ["identity", summary.identity],
    ]),
  );
  if (damageCount > 0)
    say(
      `\nNothing was changed. What comes before the first damage:  ${program} kv dump ${shellWord(name)}\n`,
    );
}
