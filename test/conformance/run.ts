/** `npm run conformance -- [--host 'COMMAND {image} {options}'] [NAME…]` */
import { fileURLToPath } from "node:url";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { buildImage } from "./build.js";
import { applianceNames, casesOf, FOLDER, type Case } from "./definition.js";
import { problemsOf } from "./expectation.js";
import { commandHost } from "./hosts/command.js";
import { domainHost } from "./hosts/domain.js";
import type { Host } from "./hosts/types.js";
import { virtualHost } from "./hosts/virtual.js";

/** Cases at the same time: most of them wait. */
const CONCURRENCY = 4;

/** The command of this project as a host. */
export const phantasmHost: Host = commandHost([
  process.execPath,
  join(FOLDER, "../../toolchain/bin/phantasm.js"),
  "run",
  "{image}",
  "{options}",
]);

export const HOSTS: readonly Host[] = [domainHost, virtualHost, phantasmHost];

/** The cases that a host can run. */
export function casesFor(host: Host, names: readonly string[] = applianceNames()): Case[] {
  return names
    .flatMap(casesOf)
    .filter(({ needs }) => needs.every((need) => host.provides.has(need)));
}

/** Builds and runs one case. Nothing: the host conforms. */
export async function runCase(host: Host, case_: Case): Promise<string[]> {
  return problemsOf(case_, await host.run(case_, buildImage(case_)));
}

/** Runs cases a few at a time and prints a line for each that fails. */
async function runAll(host: Host, cases: readonly Case[]): Promise<number> {
  let failed = 0;
  const left = [...cases];
  const work = async (): Promise<void> => {
    for (let case_ = left.shift(); case_ !== undefined; case_ = left.shift()) {
      const problems = await runCase(host, case_).catch((error: unknown) => [String(error)]);
      if (problems.length === 0) continue;
      failed++;
      console.log(`FAILED  ${case_.name}\n        ${problems.join("\n        ")}`);
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, work));
  console.log(`${host.name}: ${cases.length - failed} of ${cases.length} cases conform`);
  return failed;
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    options: { host: { type: "string" }, list: { type: "boolean" } },
    allowPositionals: true,
  });
  const known = applianceNames();
  if (values.list === true) {
    console.log(
      known
        .flatMap(casesOf)
        .map(({ name }) => name)
        .join("\n"),
    );
    return 0;
  }
  const unknown = positionals.filter((name) => !known.includes(name));
  if (unknown.length > 0) {
    console.error(`no appliance is called ${unknown.join(", ")}; --list prints their names`);
    return 2;
  }
  const { host } = values;
  if (host !== undefined && !host.includes("{image}")) {
    console.error("--host takes a command with {image} and {options} in it");
    return 2;
  }
  const hosts = host === undefined ? HOSTS : [commandHost(host.trim().split(/\s+/))];
  let failed = 0;
  for (const each of hosts)
    failed += await runAll(each, casesFor(each, positionals.length > 0 ? positionals : known));
  return failed === 0 ? 0 : 1;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) process.exitCode = await main();
