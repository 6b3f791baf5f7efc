/** The site of examples/web on a disk, as its README tells: in an archive, on a FAT volume, in a key-value store. */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { build } from "../../../toolchain/dist/build.js";
import { project } from "../../support/project.js";
import { Running } from "../../support/running.js";
import { Volume, toolsProblem } from "../fat/volume.js";

const WEB = fileURLToPath(new URL("../../../examples/web/", import.meta.url));
const TEMPLATE = fileURLToPath(new URL("../../../toolchain/templates/web/", import.meta.url));
const PAGE = "<!doctype html><title>A page</title>".repeat(2_000);

const folder = mkdtempSync(join(tmpdir(), "phantasm-web-disk-"));
const started: Running[] = [];
const ends: (() => void)[] = [];
let image = "";

/** The configuration of the template with some lines of the README in the place of its own. */
function swapped(which: string): string {
  const readme = readFileSync(join(WEB, "README.md"), "utf8");
  const pieces = [...readme.matchAll(/^```ts\n([^`]*)^```/gm)].map(([, lines = ""]) => lines);
  const lines = pieces.find((piece) => piece.includes(`site: ${which}(`)) ?? "";
  const [imports = "", device = ""] = lines.split("// …\n");
  return readFileSync(join(TEMPLATE, "phantasm.config.ts"), "utf8")
    .replace(/^import \{ files \}.*\n/m, imports)
    .replace(/^ *site: .*\n/m, device);
}

/** The image of that configuration. Optimising it would take longer than the tests do. */
async function built(main: string, configuration = swapped("tar")): Promise<string> {
  const made = project({ "phantasm.config.ts": configuration, "main.ts": main });
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
async function serve(
  disk: string,
  served = image,
  guest = 80,
  more: readonly string[] = [],
): Promise<string> {
  const running = new Running([served, "-p", "0:80", "--block", `disk=${disk}`, ...more]);
  started.push(running);
  const url = `http://127.0.0.1:${await running.port(guest)}`;
  for (let attempt = 0; ; attempt++)
    try {
      await fetch(url);
      return url;
    } catch (error) {
      if (attempt === 100) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
}

const large = Buffer.from(Array.from({ length: 300_000 }, (_, index) => index % 251));
const SITE: Readonly<Record<string, string | Uint8Array>> = {
  "index.html": PAGE,
  "index.html.gz": gzipSync(PAGE),
  "deep/large.bin": large,
  "404.html": "not here",
};

/** That site is served as if it lay in an image. */
async function expectSite(url: string): Promise<void> {
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
}

test("files of the archive are served as those of an image are", async () => {
  await expectSite(await serve(`${archive(SITE)}:ro`));
});

test("another archive is another site, without another image", async () => {
  expect(await (await fetch(await serve(`${archive({ "index.html": "one" })}:ro`))).text()).toBe(
    "one",
  );
  expect(await (await fetch(await serve(`${archive({ "index.html": "two" })}:ro`))).text()).toBe(
    "two",
  );
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

/** The FAT volume of the README at port 80; at port 81 a key-value store, which takes files that are put. */
const BOTH = `
import { HttpServer, Method, Router, Site, SiteOptions } from "@phantasm/http";
import { Conversation, FibreHandler, FibreResponder } from "@phantasm/http-fibre";
import { Volume } from "@phantasm/storage";
import { Devices } from "./.phantasm/devices";

class Upload implements FibreResponder {
  constructor(private readonly volume: Volume) {}

  respond(client: Conversation): void {
    const path = "/" + client.request.parameter("path");
    const content = client.readAll(1 << 20);
    if (content === null) return;
    const slash = path.lastIndexOf("/");
    if (slash > 0) this.volume.makeDirectory(path.substring(0, slash));
    const problem = this.volume.write(path, content) != 0;
    client.sendText(problem ? 500 : 201, "text/plain", path);
  }
}

export function main(os: Devices): void {
  const options = new SiteOptions();
  options.notFound = "/404.html";
  new HttpServer(os.clock, new Site(os.site, options)).listen(os.stack.tcp, 80);
  const upload = new FibreHandler(new Upload(new Volume(os.data)), 8);
  const router = new Router()
    .on(Method.PUT, "/*path", upload)
    .on(Method.GET, "/*path", new Site(os.data, options));
  new HttpServer(os.clock, router).listen(os.stack.tcp, 81);
}
`;

const problem = toolsProblem();
if (problem !== null)
  console.warn(`tests of sites on FAT with dosfstools and mtools are left out: ${problem}`);

describe.skipIf(problem !== null)("volumes that are written", () => {
  let served = "";
  let volume: Volume;
  const data = join(folder, "data.img");

  beforeAll(async () => {
    const configuration = swapped("fat")
      .replace(
        /^import \{ console.*\n/m,
        'import { keyValueFiles } from "@phantasm/fs";\nimport { keyValue } from "@phantasm/kv";\n',
      )
      .replace(
        /^ *console: .*\n/m,
        'data: keyValueFiles(keyValue(block("data"), clock()), clock()),\n',
      )
      .replace(/services: \[/, '$&{ port: 81, protocol: "tcp" }, ');
    served = await built(BOTH, configuration);
    volume = Volume.make(join(folder, "site.img"), 64 << 20, ["-F", "32"]);
    writeFileSync(data, "");
    truncateSync(data, 16 << 20);
  }, 600_000);

  const serveBoth = (guest: number): Promise<string> =>
    serve(`${volume.path}:ro`, served, guest, ["-p", "0:81", "--block", `data=${data}`]);

  test("FAT, by other tools: whatever the case of names", async () => {
    volume.mtool("mmd", "::deep");
    for (const [name, content] of Object.entries(SITE)) volume.put(name, Buffer.from(content));
    volume.put("SHORT.HTM", Buffer.from("short"));
    volume.put("A long name.txt", Buffer.from("long"));
    const url = await serveBoth(80);
    await expectSite(url);
    for (const [path, text, type] of [
      ["/short.htm", "short", "text/html; charset=utf-8"],
      ["/Short.HTM", "short", "text/html; charset=utf-8"],
      ["/a%20LONG%20name.txt", "long", "text/plain; charset=utf-8"],
      ["/deep/..%2fShort.htm", "short", "text/html; charset=utf-8"],
    ] as const) {
      const answer = await fetch(url + path);
      expect([await answer.text(), answer.headers.get("content-type")]).toEqual([text, type]);
    }
    // No file there has such a name, nor lies outside.
    for (const path of [
      "/a*b",
      "/a%5cb",
      "/short.htm.",
      "/short.htm%20",
      "/nul:",
      "/..%2f..%2fshort.htm",
    ])
      expect([path, (await fetch(url + path)).status]).toEqual([path, 404]);
    const directory = await fetch(`${url}/Deep`, { redirect: "manual" });
    expect([directory.status, directory.headers.get("location")]).toEqual([301, "/Deep/"]);
    await started.pop()?.stop();
    // Another tool changes it, and the same image serves that.
    volume.mtool("mdel", "::index.html", "::index.html.gz");
    volume.put("index.html", Buffer.from("changed"));
    expect(await (await fetch(await serveBoth(80))).text()).toBe("changed");
  });

  test("a key-value store, by the application: also after a boot", async () => {
    const url = await serveBoth(81);
    const put = async (name: string, content: string | Uint8Array): Promise<void> => {
      const body = Buffer.from(content);
      expect((await fetch(`${url}/${name}`, { method: "PUT", body })).status).toBe(201);
    };
    for (const [name, content] of Object.entries(SITE)) await put(name, content);
    await expectSite(url);
    await put("deep/large.bin", "small");
    // What was known of it counts for a second.
    await sleep(1_100);
    expect(await (await fetch(`${url}/deep/large.bin`)).text()).toBe("small");
    expect((await started.pop()?.stop())?.status).toBe(0);
    const again = await serveBoth(81);
    expect(await (await fetch(`${again}/deep/large.bin`)).text()).toBe("small");
    expect(await (await fetch(again)).text()).toBe(PAGE);
  });
});
