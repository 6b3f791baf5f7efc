/**
 * The same requests to an image and to nginx, which serve the same files: the answers are the same, but for the
 * differences that packages/http/README.md explains.
 */
import { cpSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, test } from "vitest";
import { builtImage } from "../../support/built.js";
import { HAS_NGINX, Nginx } from "../../support/nginx.js";
import { answersIn, exchangeRaw, type RawAnswer } from "../../support/raw-http.js";
import { Running } from "../../support/running.js";
import { HANDPICKED, type Case } from "./nginx-cases.js";
import { generated } from "./nginx-generated.js";

const SERVED = "test/system/appliances/served";
const MODIFIED = new Date("2020-02-02T02:02:02Z");
const AT_ONCE = 8;
const SEED = Number(process.env["PHANTASM_SEED"] ?? 9110);
const GENERATED = 150;

/** Ends every connection that a case leaves open, and tells that it was. */
const LAST = "GET /digits.bin HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";

let running: Running | undefined;
let nginx: Nginx | undefined;
let folder = "";
const ports = { ours: 0, theirs: 0 };

beforeAll(async () => {
  if (!HAS_NGINX) return;
  await builtImage(fileURLToPath(new URL("served", import.meta.url)));
  running = new Running([SERVED, "-p", "0:80", "-p", "0:81"]);
  folder = mkdtempSync(join(tmpdir(), "phantasm-nginx-"));
  const root = join(folder, "root");
  cpSync(fileURLToPath(new URL("served/pages", import.meta.url)), root, { recursive: true });
  const index = readFileSync(join(root, "index.html"));
  const packed = gzipSync(index, { level: 9 });
  packed[9] = 255;
  writeFileSync(join(root, "index.html.gz"), packed);
  for (const name of FILES) utimesSync(join(root, name), MODIFIED, MODIFIED);
  nginx = await Nginx.start(folder, root);
  ports.theirs = nginx.port;
  ports.ours = await running.port(80);
  tags.ours = await tagsOf(ports.ours);
  tags.theirs = await tagsOf(ports.theirs);
}, 600_000);

afterAll(async () => {
  await nginx?.stop();
  await running?.stop();
  if (folder !== "") rmSync(folder, { recursive: true, force: true });
});

const FILES = ["index.html", "index.html.gz", "digits.bin", "nothing.txt"];
FILES.push("docs/index.html", "with space.txt", "ä.txt", "a+b.txt", "deep/er/leaf.txt");

/** Each server has its own entity tags: `{tag}` in a request is the one of /digits.bin, `{gzip}` that of /index.html.gz. */
const tags = { ours: new Map<string, string>(), theirs: new Map<string, string>() };

async function tagsOf(port: number): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (const [name, path, more] of [
    ["{tag}", "/digits.bin", ""],
    ["{gzip}", "/index.html", "Accept-Encoding: gzip\r\n"],
  ] as const) {
    const text = `GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n${more}\r\n`;
    const [answer] = answersIn(await exchangeRaw(port, text), ["GET"]);
    found.set(name, answer?.fields.get("etag") ?? "none");
  }
  return found;
}

const COMPARED = ["content-type", "content-length", "content-encoding", "content-range"];
COMPARED.push("last-modified", "vary", "location");

/** What matters of an answer, in a line. The texts of errors and the boundaries of parts are everybody's own. */
function summary({ status, fields, body }: RawAnswer): string {
  const isError = status >= 300 && status !== 304;
  const shown = isError ? ["content-range", "location"] : [...COMPARED];
  // nginx says that it knows ranges where nobody has asked for one.
  if (status === 200 && !fields.has("content-encoding")) shown.push("accept-ranges");
  const boundary = /boundary=(\S+)/.exec(fields.get("content-type") ?? "")?.[1];
  const known = shown.flatMap((name) => {
    const value = fields.get(name);
    if (value === undefined) return [];
    if (boundary === undefined) return [`${name}: ${value}`];
    return name === "content-length" ? [] : [`${name}: ${value.replace(boundary, "-")}`];
  });
  if (!isError) known.push(fields.has("etag") ? "tagged" : "untagged");
  const content = isError ? (body === "" ? "" : "a page") : JSON.stringify(body);
  return [status, ...known, content.replaceAll(boundary ?? "\0", "-")].join("; ");
}

async function outcome(which: "ours" | "theirs", { text, methods = [] }: Case): Promise<string> {
  let sent = text;
  for (const [name, tag] of tags[which]) sent = sent.replaceAll(name, tag);
  const heard = await exchangeRaw(ports[which], sent + LAST);
  return answersIn(heard, methods).map(summary).join("\n");
}

async function compare(cases: readonly Case[]): Promise<void> {
  const wrong: string[] = [];
  for (let at = 0; at < cases.length; at += AT_ONCE)
    await Promise.all(
      cases.slice(at, at + AT_ONCE).map(async (one) => {
        const [ours, theirs] = await Promise.all([outcome("ours", one), outcome("theirs", one)]);
        if ((ours === theirs) === (one.differs === undefined)) return;
        const what = one.differs === undefined ? "differs" : `is the same, though ${one.differs}`;
        wrong.push(`${JSON.stringify(one.text)} ${what}\n--- ours\n${ours}\n--- nginx\n${theirs}`);
      }),
    );
  expect(wrong.join("\n\n")).toBe("");
}

test.skipIf(!HAS_NGINX)("handpicked requests", async () => {
  await compare(HANDPICKED);
});

test.skipIf(!HAS_NGINX)(`generated requests (PHANTASM_SEED=${SEED})`, async () => {
  await compare(generated(SEED, GENERATED));
});
