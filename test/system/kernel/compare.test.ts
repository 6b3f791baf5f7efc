/** The same questions to an image and to the kernel; docs/linux-differences.md is the list of what differs. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import {
  Machine,
  PATIENT_MS,
  PYTHON,
  finished,
  imagePath,
  lastLine,
  startClient,
  until,
} from "../../support/machine.js";
import { Namespace, tapProblem } from "../../support/namespace.js";

const problem = tapProblem("ping", "perl", "/usr/bin/python3");
if (problem !== null) console.warn(`the comparison with the kernel is left out: ${problem}`);

const PROBE = fileURLToPath(new URL("probe.py", import.meta.url));
const DOCUMENT = fileURLToPath(new URL("../../../docs/linux-differences.md", import.meta.url));

type Answers = ReadonlyMap<string, string>;

async function probe(namespace: Namespace, ...words: string[]): Promise<Answers> {
  const { stdout, stderr } = await finished(namespace.start([PYTHON, PROBE, ...words]));
  expect(stderr).toBe("");
  const lines = stdout.trimEnd().split("\n");
  return new Map(lines.map((line) => line.split(" | ") as [string, string]));
}

/** An image behind a tap without offloads: what it sends is what is seen. */
async function answersOfImage(): Promise<Answers> {
  const namespace = new Namespace();
  namespace.addTap();
  const image = await imagePath("examples/tcp-echo");
  const machine = await new Machine(namespace, image, { offload: false }).answers(namespace);
  const neighbours = namespace.ip("-4 neigh show dev tap0");
  const [, mac = ""] = /10\.0\.0\.2 lladdr (\S+)/.exec(neighbours) ?? [];
  const answers = await probe(namespace, "packet", "10.0.0.2", mac);
  await machine.stop();
  namespace.close();
  return answers;
}

async function answersOfKernel(): Promise<Answers> {
  const namespace = new Namespace();
  namespace.addTap();
  const server = startClient(namespace, "echo_server", "10.0.0.1", 7);
  const end = lastLine(server);
  let said = "";
  server.stdout?.on("data", (data: Buffer) => (said += data.toString()));
  await until("the server", () => said.includes("listening"));
  const [, mac = ""] = /ether (\S+)/.exec(namespace.ip("link show tap0")) ?? [];
  const answers = await probe(namespace, "tap", "10.0.0.1", mac);
  server.stdin?.end();
  await end;
  namespace.close();
  return answers;
}

/** Rows of the tables, without the heads. */
function documented(): string[] {
  return readFileSync(DOCUMENT, "utf8")
    .split("\n")
    .filter((line) => line.startsWith("|") && !/^\| (question|-+) /.test(line))
    .map((line) =>
      line
        .split("|")
        .slice(1, 4)
        .map((cell) => cell.trim().replaceAll("`", "")),
    )
    .map((cells) => cells.join(" | "))
    .sort();
}

test.skipIf(problem !== null)(
  "what an image answers is what Linux answers, but for what is documented",
  { timeout: 4 * PATIENT_MS },
  async () => {
    const [ours, theirs] = await Promise.all([answersOfImage(), answersOfKernel()]);
    expect([...ours.keys()]).toEqual([...theirs.keys()]);
    expect(ours.size).toBeGreaterThan(60);
    const differences = [...ours].flatMap(([question, answer]) => {
      const other = theirs.get(question) ?? "";
      return answer === other ? [] : [`${question} | ${answer} | ${other}`];
    });
    expect(differences.sort()).toEqual(documented());
  },
);
