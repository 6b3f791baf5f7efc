/** Compares how domains ended with how they must end. */
import { bytesOf, type Case, type Expectation } from "./definition.js";
import type { Outcome } from "./hosts/types.js";

const SHOWN_CHARACTERS_MAX = 200;
const KILLED_STATUS_MIN = 128;

/** What is wrong, one line each; nothing: it conforms. */
export function problemsOf(case_: Case, outcomes: readonly Outcome[]): string[] {
  const many = outcomes.length > 1;
  const problems = outcomes.flatMap((outcome, index) => {
    const expect = case_.instances[index]?.expect ?? {};
    const found = [...problemsOfOne(expect, outcome), ...outcome.problems];
    return found.map((problem) => (many ? `instance ${index}: ${problem}` : problem));
  });
  const outputs = new Set(outcomes.map(({ output }) => Buffer.from(output).toString("hex")));
  if (case_.differ && outputs.size < outcomes.length) problems.push("two outputs are the same");
  return problems;
}

function problemsOfOne(expect: Expectation, outcome: Outcome): string[] {
  const problems: string[] = [];
  const { status = 0, withinMs, notBeforeMs = 0, observedSteps } = expect;
  const said = outcome.message === "" ? "" : `; the host said: ${shown(outcome.message.trim())}`;
  const right =
    status === "killed"
      ? outcome.status !== null && outcome.status >= KILLED_STATUS_MIN
      : outcome.status === status;
  if (!right) problems.push(`expected status ${status}, got ${outcome.status ?? "no end"}${said}`);
  const wrongOutput = outputProblem(expect, Buffer.from(outcome.output));
  if (wrongOutput !== null) problems.push(wrongOutput);
  if (expect.message !== undefined && !new RegExp(expect.message, "s").test(outcome.message))
    problems.push(`expected a message like /${expect.message}/${said}`);
  if (expect.messageNot !== undefined && new RegExp(expect.messageNot, "s").test(outcome.message))
    problems.push(`expected no message like /${expect.messageNot}/${said}`);
  const took = `it ended after ${Math.round(outcome.durationMs)} ms`;
  if (withinMs !== undefined && outcome.durationMs > withinMs)
    problems.push(`${took}, expected at most ${withinMs}`);
  if (outcome.durationMs < notBeforeMs) problems.push(`${took}, expected at least ${notBeforeMs}`);
  if (observedSteps !== undefined && outcome.observedSteps !== observedSteps)
    problems.push(`expected ${observedSteps} observed steps, got ${outcome.observedSteps}`);
  return problems;
}

function outputProblem(expect: Expectation, output: Buffer): string | null {
  if (expect.outputPattern !== undefined) {
    const text = output.toString("latin1");
    if (new RegExp(expect.outputPattern, "s").test(text)) return null;
    return `expected output like /${expect.outputPattern}/, got ${shown(text)}`;
  }
  const expected = bytesOf(expect.output ?? "SUCCESS\n");
  if (output.equals(expected)) return null;
  const from = `${expected.length} bytes ${shown(expected.toString("latin1"))}`;
  return `expected output of ${from}, got ${output.length} bytes ${shown(output.toString("latin1"))}`;
}

function shown(text: string): string {
  const cut = text.length > SHOWN_CHARACTERS_MAX ? `${text.slice(0, SHOWN_CHARACTERS_MAX)}…` : text;
  return JSON.stringify(cut);
}
