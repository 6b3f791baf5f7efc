/** The templates that are servers: what `new` makes builds without a warning, boots, and answers who asks it. */
import { Resolver } from "node:dns/promises";
import { rmSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, expect, test } from "vitest";
import { build } from "../../toolchain/dist/build.js";
import { transcript } from "../../toolchain/dist/commands/memory-terminal.js";
import { answering } from "../support/answering.js";
import { Running } from "../support/running.js";
import { RespClient } from "./store/resp.js";

const folder = mkdtempSync(join(tmpdir(), "phantasm-templates-"));
const started: Running[] = [];

afterEach(async () => {
  for (const running of started.splice(0)) await running.stop();
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** The image of a project from a template; nothing is optimised, which takes the longest. */
async function imageOf(template: string): Promise<string> {
  const directory = join(folder, `my-${template}`);
  expect((await transcript("new", template, directory)).status).toBe(0);
  const output = join(folder, `${template}.wasm`);
  const { warnings } = await build({ directory, output, profile: "debug" });
  expect(warnings).toEqual([]);
  return output;
}

function run(...words: readonly string[]): Running {
  const running = new Running(words);
  started.push(running);
  return running;
}

test("web", { timeout: 120_000 }, async () => {
  const running = run(await imageOf("web"), "-p", "0:80", "--", "--log");
  const url = `http://127.0.0.1:${await running.port(80)}`;
  expect(await (await answering(url)).text()).toContain("<h1>It works</h1>");
  expect(await (await fetch(`${url}/hello/you%20there`)).text()).toBe("Hello, you there!\n");
  const missing = await fetch(`${url}/none`);
  expect(missing.status).toBe(404);
  expect(await missing.text()).toContain("<h1>Not here</h1>");
  await running.saw(/"GET \/none HTTP\/1\.1" 404 /);
});

test("api", { timeout: 120_000 }, async () => {
  const running = run(await imageOf("api"), "-p", "0:80", "--block", "data=mem:64M");
  const items = `http://127.0.0.1:${await running.port(80)}/items`;
  expect(await (await answering(items)).json()).toEqual([]);
  const put = async (name: string, body: string): Promise<number> =>
    (await fetch(`${items}/${name}`, { method: "PUT", body })).status;
  expect(await put("b", '{"milk":2}')).toBe(204);
  expect(await put("a", "[]")).toBe(204);
  expect(await put("c", '{"milk":}')).toBe(422);
  expect(await put("c", `"${"x".repeat(40_000)}"`)).toBe(413);
  expect(await put("x".repeat(201), "1")).toBe(404);
  expect(await (await fetch(items)).json()).toEqual(["a", "b"]);
  expect(await (await fetch(`${items}?from=b`)).json()).toEqual(["b"]);
  expect(await (await fetch(`${items}/b`)).json()).toEqual({ milk: 2 });
  expect((await fetch(`${items}/b`, { method: "DELETE" })).status).toBe(204);
  expect((await fetch(`${items}/b`)).status).toBe(404);
});

test("dns", { timeout: 120_000 }, async () => {
  const running = run(await imageOf("dns"), "-p", "0:53");
  await running.port(53, "tcp");
  const resolver = new Resolver({ timeout: 1000, tries: 10 });
  resolver.setServers([`127.0.0.1:${await running.port(53, "udp")}`]);
  expect(await resolver.resolve4("www.example.org")).toEqual(["192.0.2.80"]);
  expect(await resolver.resolveMx("example.org")).toEqual([
    { exchange: "mail.example.org", priority: 10 },
  ]);
  await expect(resolver.resolve4("none.example.org")).rejects.toThrow("ENOTFOUND");
});

test("store", { timeout: 120_000 }, async () => {
  const image = await imageOf("store");
  const running = run(image, "-p", "0:6379", "--block", "data=mem:64M");
  await running.saw(/Ready to accept/);
  const client = await RespClient.open(await running.port(6379));
  expect(await client.ask("INCR", "visits")).toBe(":1\r\n");
  client.close();
  await running.stop();
  const small = run(image, "-p", "0:6379", "--block", "data=mem:16M");
  expect(await small.ended).toMatchObject({
    status: 1,
    stdout: "The disk is too small: attach one of 64 MiB or more.\n",
  });
});
