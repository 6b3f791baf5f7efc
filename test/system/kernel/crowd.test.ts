/** Clients that come and stay: more than there is memory for. Whoever was there before goes on, others come later. */
import { expect, test } from "vitest";
import {
  Machine,
  PATIENT_MS,
  Talk,
  client,
  imagePath,
  lastLine,
  startClient,
  until,
} from "../../support/machine.js";
import { Namespace, tapProblem } from "../../support/namespace.js";

const problem = tapProblem("ping", "/usr/bin/python3");
if (problem !== null) console.warn(`tests of many clients are left out: ${problem}`);

/** The appliance has as many connections as its stack allows; tcp-echo has a fibre and a buffer for each. */
test.skipIf(problem !== null).each([
  ["test/system/kernel/appliance", 5000],
  ["examples/tcp-echo", 1500],
])("%s and %d clients", { timeout: 4 * PATIENT_MS }, async (directory, count) => {
  const namespace = new Namespace();
  namespace.addTap();
  const machine = await new Machine(namespace, await imagePath(directory)).answers(namespace);
  const talk = new Talk(namespace, "10.0.0.2", 7);
  await talk.say("before");
  const crowd = startClient(namespace, "crowd", "10.0.0.2", 7, count);
  let said = "";
  crowd.stdout?.on("data", (data: Buffer) => (said += data.toString()));
  await until("the crowd", () => said.includes("made "));
  expect(Number(/made (\d+)/.exec(said)?.[1])).toBeGreaterThan(300);
  await talk.say("beside the crowd");
  crowd.stdin?.end();
  expect(await lastLine(crowd)).toBe("gone");
  await talk.say("after the crowd");
  expect(await client(namespace, "echo", "10.0.0.2", 7, 100_000)).toBe("100000 exact");
  expect(await talk.end()).toBe("over");
  expect(await machine.stop()).not.toContain("out of memory");
  namespace.close();
});
