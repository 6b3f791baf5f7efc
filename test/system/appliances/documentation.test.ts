/** The site of examples/web: made again, crawled, mirrored, loaded, and looked at. */
import { execFile, execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Browser, HAS_CHROMIUM, type Page } from "../../support/browser.js";
import { builtImage } from "../../support/built.js";
import { Running } from "../../support/running.js";

const WEB = fileURLToPath(new URL("../../../examples/web/", import.meta.url));
const BUILD = join(WEB, "site", "build.mjs");
const HTDOCS = join(WEB, "htdocs");
const has = (tool: string): boolean => spawnSync(tool, ["--version"]).error === undefined;
const CONNECTIONS = "16";
const run = promisify(execFile);

const folder = mkdtempSync(join(tmpdir(), "phantasm-site-"));
let running: Running;
let origin = "";

beforeAll(async () => {
  execFileSync(process.execPath, [BUILD]);
  await builtImage(WEB);
  running = new Running(["examples/web", "-p", "0:80"]);
  origin = `http://127.0.0.1:${await running.port(80)}`;
  for (let attempt = 0; ; attempt++)
    try {
      await fetch(origin);
      return;
    } catch (error) {
      if (attempt === 100) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
}, 600_000);

afterAll(async () => {
  await running.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** The files below a folder, by their paths; a character is a byte. */
function filesIn(from: string): Map<string, string> {
  const files = new Map<string, string>();
  for (const one of readdirSync(from, { recursive: true, withFileTypes: true })) {
    const path = join(one.parentPath, one.name);
    if (one.isFile()) files.set(relative(from, path), readFileSync(path, "latin1"));
  }
  return files;
}

test("is the same wherever and whenever it is made", () => {
  const other = join(folder, "made");
  const env = { ...process.env, TZ: "Asia/Tokyo", LC_ALL: "C", FORCE_COLOR: "1" };
  execFileSync(process.execPath, [BUILD, other], { cwd: tmpdir(), env });
  expect(filesIn(other)).toEqual(filesIn(HTDOCS));
});

describe("links", () => {
  const pages = new Map<string, string>();
  /** Addresses in the order they were found, each with the page that has it. */
  const links: { from: string; to: URL }[] = [];

  beforeAll(async () => {
    const waiting = [new URL("/index.html", origin)];
    for (let at = waiting.shift(); at !== undefined; at = waiting.shift()) {
      if (pages.has(at.pathname)) continue;
      const answer = await fetch(at);
      const text = await answer.text();
      if (answer.status !== 200) {
        pages.set(at.pathname, `status ${answer.status}`);
        continue;
      }
      pages.set(at.pathname, text);
      if (!answer.headers.get("content-type")?.startsWith("text/html")) continue;
      for (const [, reference] of text.matchAll(/ (?:href|src)="([^"]*)"/g)) {
        const to = new URL((reference ?? "").replaceAll("&amp;", "&"), at);
        links.push({ from: at.pathname, to });
        if (to.origin === origin) waiting.push(to);
      }
    }
  });

  test("lead to pages and anchors that are there", () => {
    const dead = links.filter(({ to }) => {
      if (to.origin !== origin) return to.protocol !== "https:";
      const text = pages.get(to.pathname) ?? "status 0";
      const id = decodeURIComponent(to.hash.slice(1));
      return text.startsWith("status ") || (id !== "" && !text.includes(` id="${id}"`));
    });
    expect(dead.map(({ from, to }) => `${from} leads to ${to}`)).toEqual([]);
    expect(links.length).toBeGreaterThan(1_000);
  });

  test("lead to every page", () => {
    const files = [...filesIn(HTDOCS).keys()].filter((path) => path !== "404.html");
    expect([...pages.keys()].map((path) => path.slice(1)).sort()).toEqual(files.sort());
  });

  test("lead to pages with a title of their own, and no id twice", () => {
    const titles = new Map<string, string>();
    for (const [path, text] of pages) {
      if (!path.endsWith(".html")) continue;
      expect(text.match(/<h1[ >]/g), path).toHaveLength(1);
      const ids = [...text.matchAll(/ id="([^"]*)"/g)].map(([, id]) => id);
      expect(new Set(ids).size, path).toBe(ids.length);
      const [, title = ""] = /<title>(.*)<\/title>/.exec(text) ?? [];
      expect(title, path).not.toBe("");
      expect(titles.get(title), path).toBeUndefined();
      titles.set(title, path);
      expect(text, path).toMatch(/<meta name="description" content="[^"]{10,}">/);
      // Markup of the sources is none of the text.
      expect(text.replace(/<code>.*?<\/code>/gs, ""), path).not.toMatch(
        /&lt;(?:!--|\/?[a-z]+&gt;)/,
      );
    }
  });
});

test.skipIf(!has("wget"))("wget gets a copy of it, byte for byte", async () => {
  const mirror = join(folder, "mirror");
  await run("wget", ["-q", "-r", "-l", "inf", "-nH", "-P", mirror, `${origin}/`]);
  const wanted = filesIn(HTDOCS);
  wanted.delete("404.html");
  expect(filesIn(mirror)).toEqual(wanted);
});

describe("load", () => {
  test.skipIf(!has("wrk"))("of wrk", async () => {
    const words = ["-t", "1", "-c", CONNECTIONS, "-d", "1s", `${origin}/tutorial.html`];
    const { stdout } = await run("wrk", words);
    expect(stdout).not.toMatch(/Socket errors|Non-2xx/);
    expect(Number(/(\d+) requests in/.exec(stdout)?.[1])).toBeGreaterThan(100);
  });

  test.skipIf(!has("h2load"))("of h2load, in HTTP/1.1", async () => {
    const words = ["--h1", "-n", "1000", "-c", CONNECTIONS, "-m", "4"];
    const { stdout } = await run("h2load", [...words, `${origin}/tutorial.html`]);
    expect(stdout).toContain("1000 done, 1000 succeeded, 0 failed, 0 errored, 0 timeout");
    expect(stdout).toContain("status codes: 1000 2xx, 0 3xx, 0 4xx, 0 5xx");
  });
});

describe.skipIf(!HAS_CHROMIUM)("chromium", () => {
  const PHONE = 360;
  const DESKTOP = 1440;
  let browser: Browser;
  let page: Page;

  beforeAll(async () => {
    browser = new Browser();
    page = await browser.page();
  });

  afterAll(async () => {
    await browser.close();
  });

  const heading = (): Promise<string> => page.value(`document.querySelector("h1").textContent`);
  const isShown = (selector: string): Promise<boolean> =>
    page.value(`document.querySelector(${JSON.stringify(selector)}).checkVisibility()`);

  test("walks through it", async () => {
    await page.look(DESKTOP, "light");
    await page.open(`${origin}/`);
    expect(await heading()).toBe("Phantasm");
    await page.follow('nav.site a[href="tutorial.html"]');
    expect(await heading()).toBe("Tutorial");
    await page.follow('a[rel="next"]');
    expect(await page.value("location.pathname")).toBe("/network.html");
    await page.follow('header a[href="examples/index.html"]');
    await page.follow('main a[href="api.html"]');
    expect(await page.value(`document.querySelectorAll("pre").length`)).toBeGreaterThan(5);
    await page.click('nav.page a[href="#main.ts"]');
    await page.until(`document.querySelector(":target")?.id === "main.ts"`);
    expect(page.complaints).toEqual([]);
  });

  test("shows it in light and dark, on desktops and phones", async () => {
    const paper = `getComputedStyle(document.body).backgroundColor`;
    await page.look(DESKTOP, "dark");
    const dark = await page.value(paper);
    await page.look(PHONE, "light");
    expect(await page.value(paper)).not.toBe(dark);
    await page.open(`${origin}/packages/http.html`);
    expect(await isShown("nav.site")).toBe(false);
    await page.click(".open");
    await page.until(`document.querySelector("nav.site").checkVisibility()`);
    await page.follow('nav.site a[href="fat.html"]');
    expect(await isShown("nav.site")).toBe(false);
    // Code and tables scroll by themselves.
    const width = "document.documentElement.scrollWidth";
    for (const path of ["", "benchmarks.html", "assemblyscript.html", "reference/abi.html"]) {
      await page.open(`${origin}/${path}`);
      expect(await page.value<number>(width), path).toBe(PHONE);
    }
    expect(page.complaints).toEqual([]);
  });

  test("finds its way from where nothing is", async () => {
    await page.open(`${origin}/deep/down/nothing`);
    expect(await heading()).toBe("There is no such page");
    expect(await page.value(`getComputedStyle(document.body).marginTop`)).toBe("0px");
    await page.follow("main a");
    expect(await heading()).toBe("Phantasm");
  });
});
