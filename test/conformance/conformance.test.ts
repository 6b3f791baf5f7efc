/**
 * Every appliance on every host of this project.
 *
 * For the command each case is a process of its own, so only the first case of each appliance runs
 * here; with CI=true, and by `npm run conformance`, all of them do.
 */
import { describe, expect, test } from "vitest";
import { applianceNames, applianceText } from "./definition.js";
import { casesFor, HOSTS, phantasmHost, runCase } from "./run.js";

test.each(applianceNames())("%s says what it proves", (name) => {
  expect(applianceText(name)).toMatch(
    /^;; Property: [^\n]+\n(;; .*\n)*;; Rule: (.*\n;; )+Status: /,
  );
});

describe.each(HOSTS)("$name", (host) => {
  const all = host !== phantasmHost || process.env["CI"] === "true";
  const cases = casesFor(host).filter(({ index }) => all || index === 0);
  test.concurrent.each(cases)("$name", async (case_) => {
    expect(await runCase(host, case_)).toEqual([]);
  });
});
