/** The site of examples/web on a disk, as its README tells. */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { afterEach, beforeAll, expect, test } from "vitest";
import { build } from "../../../toolchain/dist/build.js";
import { project } from "../../support/project.js";
import { Running } from "../../support/running.js";

const WEB = fileURLToPath(new URL("../../../examples/web/", import.meta.url));
const TEMPLATE = fileURLToPath(new URL("../../../toolchain/templates/web/", import.meta.url));
const PAGE = "<!doctype html><title>A page</title>".repeat(2_000);

const folder = mkdtempSync(join(tmpdir(), "phantasm-web-disk-"));
const started: Running[] = [];
const ends: (() => void)[] = [];
let image = "";

/** The configuration of the template with the lines of the README in the place of its own. */
function swapped(): string {
  const readme = readFileSync(join(WEB, "README.md"), "utf8");
  const [, lines = ""] = /^```ts\n([^`]*)^```/m.exec(readme) ?? [];
  const [imports = "", device = ""] = lines.split("// …\n");
  return readFileSync(join(TEMPLATE, "phantasm.config.ts"), "utf8")
    .replace(/^import \{ files \}.*\n/m, imports)
    .replace(/^ *site: .*\n/m, device);
}

/** The image of that configuration. Optimising it would take longer than the tests do. */
async function built(main: string): Promise<string> {
  const made = project({ "phantasm.config.ts": swapped(), "main.ts": main });
  ends.push(() => made[Symbol.dispose]());
  const { path, warnings } = await build({ directory: made.directory, profile: "debug" });
  expect(warnings).toEqual([]);
  return path;
}

beforeAll(async () => {
  image = await built(readFileSync(join(TEMPLATE, "main.ts"), "utf8"));
  return () => {
    for (const end of ends) end();
    rmSync(folder, { recursive: true, force: true });
  };
}, 600_000);

afterEach(async () => {
  for (const running of started.splice(0)) await running.stop();
});

/** An archive of these files. */
function archive(files: Readonly<Record<string, string | Uint8Array>>): string {
  const htdocs = mkdtempSync(join(folder, "htdocs-"));
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(join(htdocs, name, ".."), { recursive: true });
    writeFileSync(join(htdocs, name), content);
  }
  execFileSync("tar", ["-C", htdocs, "-cf", `${htdocs}.tar`, "."]);
  return `${htdocs}.tar`;
}

/** Where it is served, once it answers. */
async function serve(disk: string): Promise<string> {
  const running = new Running([image, "-p", "0:80", "--block", `disk=${disk}:ro`]);
  started.push(running);
  const url = `http://127.0.0.1:${await running.port(80)}`;
  for (let attempt = 0; ; attempt++)
    try {
      await fetch(url);
      return url;
    } catch (error) {
      if (attempt === 100) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
}

test("files of the archive are served as those of an image are", async () => {
  const large = Buffer.from(Array.from({ length: 300_000 }, (_, index) => index % 251));
  const url = await serve(
    archive({
      "index.html": PAGE,
      "index.html.gz": gzipSync(PAGE),
      "deep/large.bin": large,
      "404.html": "not here",
    }),
  );
  const home = await fetch(url);
  expect(home.headers.get("content-encoding")).toBe("gzip");
  expect(home.headers.get("content-type")).toBe("text/html; charset=utf-8");
  expect(await home.text()).toBe(PAGE);
  const plain = await fetch(url, { headers: { "accept-encoding": "identity" } });
  expect(plain.headers.get("content-encoding")).toBeNull();
  expect(await plain.text()).toBe(PAGE);
  const seen = { "if-modified-since": plain.headers.get("last-modified") ?? "" };
  expect((await fetch(url, { headers: seen })).status).toBe(304);

  const whole = await Promise.all(
    Array.from({ length: 50 }, async () => (await fetch(`${url}/deep/large.bin`)).arrayBuffer()),
  );
  expect(whole.every((bytes) => large.equals(Buffer.from(bytes)))).toBe(true);
  const part = await fetch(`${url}/deep/large.bin`, { headers: { range: "bytes=1000-200999" } });
  expect(part.status).toBe(206);
  expect(large.subarray(1_000, 201_000).equals(Buffer.from(await part.arrayBuffer()))).toBe(true);

  const missing = await fetch(`${url}/none`);
  expect([missing.status, await missing.text()]).toEqual([404, "not here"]);
});

test("another archive is another site, without another image", async () => {
  expect(await (await fetch(await serve(archive({ "index.html": "one" })))).text()).toBe("one");
  expect(await (await fetch(await serve(archive({ "index.html": "two" })))).text()).toBe("two");
});

test(
  "the example tells of a disk that is no archive at the boot",
  { timeout: 600_000 },
  async () => {
    const main = readFileSync(join(WEB, "main.ts"), "utf8")
      .replaceAll("os.pages", "os.site")
      .replace("<u16>os.arguments.port", "80");
    const disk = join(folder, "noise");
    writeFileSync(disk, "noise".repeat(1_024).slice(0, 4_096));
    const running = new Running([await built(main), "-p", "0:80", "--block", `disk=${disk}:ro`]);
    const { status, stderr } = await running.ended;
    expect(status).not.toBe(0);
    expect(stderr).toContain("the site cannot be read: ");
  },
);
