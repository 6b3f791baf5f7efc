// Contestants under the same load, in turn, so that what disturbs the machine disturbs all.
import { median, spread } from "./report.mjs";

export const RUNS = 3;
export const SECONDS = 1;

/**
 * Measures all contestants RUNS times in turn, after one run each that counts for nothing: engines warm up.
 *
 * @param contestants of `{ name, servers, measure }`; `measure` gives a rate a second, or
 *   `{ perSecond, seconds }` where a run does not take `seconds`
 * @returns for each, `{ name, perSecond, perCpuSecond }`, a value a run
 */
export async function contest(contestants) {
  const results = contestants.map(({ name }) => ({ name, perSecond: [], perCpuSecond: [] }));
  for (let run = -1; run < RUNS; run++)
    for (const [index, { servers, measure, seconds = SECONDS }] of contestants.entries()) {
      const before = cpuOf(servers);
      const measured = await measure();
      if (run < 0) continue;
      const cpuSeconds = cpuOf(servers) - before;
      const took = typeof measured === "number" ? { perSecond: measured, seconds } : measured;
      results[index].perSecond.push(took.perSecond);
      results[index].perCpuSecond.push(
        (took.perSecond * took.seconds) / Math.max(cpuSeconds, 0.01),
      );
    }
  return results;
}

const cpuOf = (servers) => servers.reduce((sum, server) => sum + server.cpuSeconds, 0);

/** A row each. @param unit such as "k" with `scale` 1e-3 */
export function rows(report, what, results, { unit, scale, digits = 1 }) {
  for (const { name, perSecond, perCpuSecond } of results) {
    const scaled = (values) => values.map((value) => value * scale);
    report.row(
      `${what}, ${name}`,
      `${spread(scaled(perSecond), `${unit}/s`, digits)}; ` +
        `${spread(scaled(perCpuSecond), unit, digits)} a CPU-second`,
    );
  }
}

/** How many times as much the first does as each other does, run by run. */
export function ratios(report, what, results, targets = {}) {
  const [ours, ...peers] = results;
  for (const peer of peers) {
    const of = (key) => ours[key].map((value, run) => value / peer[key][run]);
    report.row(
      `${what}: ${ours.name} / ${peer.name}`,
      `${median(of("perSecond")).toFixed(2)} × a second, ` +
        `${spread(of("perCpuSecond"), "×")} a CPU-second`,
      targets[peer.name] ?? "",
    );
  }
}
