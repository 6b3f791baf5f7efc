/** examples/api, as its README tells to run it. */
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeAll, expect, test } from "vitest";
import { builtImage } from "../../support/built.js";
import { Running } from "../../support/running.js";

const API = fileURLToPath(new URL("../../../examples/api/", import.meta.url));

/** Those of changes.ts. */
const STREAMS_MAX = 256;

interface Note {
  readonly id: string;
  readonly text: string;
}

const folder = mkdtempSync(join(tmpdir(), "phantasm-api-"));
const disk = join(folder, "notes.img");
const started: Running[] = [];

beforeAll(async () => {
  await builtImage(API);
  writeFileSync(disk, "");
  truncateSync(disk, 16 * 1024 * 1024);
  return () => {
    rmSync(folder, { recursive: true, force: true });
  };
}, 600_000);

afterEach(async () => {
  for (const running of started.splice(0)) await running.stop();
});

/** Where the API is, once it answers. */
async function boot(): Promise<string> {
  const running = new Running(["examples/api", "-p", "0:80", "--block", `data=${disk}`]);
  started.push(running);
  const url = `http://127.0.0.1:${await running.port(80)}`;
  for (let attempt = 0; ; attempt++)
    try {
      await fetch(`${url}/api/notes`);
      return url;
    } catch (error) {
      if (attempt === 100) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
}

async function send(url: string, method: string, note?: unknown, headers = {}): Promise<Response> {
  return fetch(url, { method, headers, ...(note !== undefined && { body: JSON.stringify(note) }) });
}

const list = async (url: string): Promise<Note[]> =>
  (await (await fetch(`${url}/api/notes`)).json()) as Note[];

test("notes are made, read, changed, deleted, and there after a restart", async () => {
  const url = await boot();
  const made = await send(`${url}/api/notes`, "POST", { text: 'milk "ü" 🎉' });
  expect(made.status).toBe(201);
  const place = made.headers.get("location") ?? "";
  const { id } = (await made.json()) as Note;
  expect(place).toBe(`/api/notes/${id}`);
  const got = await fetch(url + place);
  const etag = got.headers.get("etag") ?? "";
  expect(await got.json()).toEqual({ id, text: 'milk "ü" 🎉' });
  const changed = await send(url + place, "PUT", { text: "oats" }, { "if-match": etag });
  expect(changed.status).toBe(200);
  expect((await send(url + place, "PUT", { text: "no" }, { "if-match": etag })).status).toBe(412);
  const second = (await (await send(`${url}/api/notes`, "POST", { text: "bread" })).json()) as Note;
  expect((await list(url)).map(({ text }) => text)).toEqual(["bread", "oats"]);
  expect((await send(`${url}/api/notes/${second.id}`, "DELETE")).status).toBe(204);
  expect((await send(`${url}/api/notes/${second.id}`, "DELETE")).status).toBe(404);
  // Without a goodbye.
  const running = started.pop();
  running?.signal("SIGKILL");
  await running?.ended;
  expect(await list(await boot())).toEqual([{ id, text: "oats" }]);
});

test("what is no note is refused", async () => {
  const url = await boot();
  const status = async (body: string): Promise<number> =>
    (await fetch(`${url}/api/notes`, { method: "POST", body })).status;
  expect(await status("")).toBe(422);
  expect(await status('{"text":1}')).toBe(422);
  expect(await status('{"text":"x"')).toBe(422);
  expect(await status(JSON.stringify({ text: "x".repeat(20_000) }))).toBe(422);
  expect(await status("x".repeat(70_000))).toBe(413);
  expect(await status("[".repeat(1000))).toBe(422);
  expect((await fetch(`${url}/api/notes/../../x`)).status).toBe(404);
  expect((await send(`${url}/api/notes`, "PATCH")).headers.get("allow")).toBe(
    "OPTIONS, GET, HEAD, POST",
  );
});

test("a page is told of changes", async () => {
  const url = await boot();
  expect(await (await fetch(url)).text()).toContain("<title>Notes</title>");
  const events = await fetch(`${url}/api/changes`);
  const reader = (events.body as ReadableStream<Uint8Array>).getReader();
  const { id } = (await (await send(`${url}/api/notes`, "POST", { text: "news" })).json()) as Note;
  let text = "";
  while (!text.includes("\n\n")) text += Buffer.from((await reader.read()).value ?? []).toString();
  expect(text).toBe(`event: note\ndata: {"id":"${id}","deleted":false}\n\n`);
  await reader.cancel();
});

test("pages that have gone make room for others, though nothing changes", async () => {
  const url = await boot();
  const streams = async (): Promise<Response> => fetch(`${url}/api/changes`);
  const gone: Response[] = [];
  for (let count = 0; count < STREAMS_MAX; count++) gone.push(await streams());
  expect(new Set(gone.map(({ status }) => status))).toEqual(new Set([200]));
  const refused = await streams();
  expect(refused.status).toBe(503);
  for (const { body } of [...gone, refused]) await body?.cancel();
  const statusNow = async (): Promise<number> => {
    const { status, body } = await streams();
    await body?.cancel();
    return status;
  };
  await expect.poll(statusNow, { timeout: 30_000, interval: 500 }).toBe(200);
});
