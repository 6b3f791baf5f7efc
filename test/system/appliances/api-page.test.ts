/** The page of examples/api in a browser: two of them, one disk, and a restart. */
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Browser, HAS_CHROMIUM, type Page } from "../../support/browser.js";
import { builtImage } from "../../support/built.js";
import { Running } from "../../support/running.js";

const API = fileURLToPath(new URL("../../../examples/api/", import.meta.url));

const WAIT_MS_MAX = 30_000;

const folder = mkdtempSync(join(tmpdir(), "phantasm-api-page-"));
const disk = join(folder, "notes.img");
let browser: Browser;
let running: Running;

beforeAll(async () => {
  await builtImage(API);
  writeFileSync(disk, "");
  truncateSync(disk, 16 * 1024 * 1024);
  if (HAS_CHROMIUM) browser = new Browser();
}, 600_000);

afterAll(async () => {
  await running?.stop();
  if (HAS_CHROMIUM) await browser.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Boots it; where its page is. */
async function boot(port: number): Promise<number> {
  running = new Running(["examples/api", "-p", `${port}:80`, "--block", `data=${disk}`]);
  return running.port(80);
}

const TEXTS = `[...document.querySelectorAll("#notes li")].map((one) =>
  one.querySelector("input")?.value ?? one.querySelector("span").textContent).join("|")`;

const shows = (page: Page, notes: string): Promise<void> =>
  expect.poll(() => page.value(TEXTS), { timeout: WAIT_MS_MAX }).toBe(notes);

/** Adds a note as a person does. */
async function add(page: Page, text: string): Promise<void> {
  await page.click("#text");
  await page.type(text);
  await page.press("Enter");
}

/** Changes the first note, up to saving it. */
async function edit(page: Page, text: string): Promise<void> {
  await page.click(`#notes li [aria-label^="Edit"]`);
  await page.until(`document.activeElement.getAttribute("aria-label") === "Text"`);
  await page.type(text);
}

test.skipIf(!HAS_CHROMIUM)(
  "notes are added, edited and deleted, before everybody's eyes",
  async () => {
    const port = await boot(0);
    const url = `http://127.0.0.1:${port}/`;
    const here = await browser.page();
    const there = await browser.page();
    // The host listens before the image does.
    for (let attempt = 0; attempt < 100 && !(await fetch(url).catch(() => null)); attempt++)
      await new Promise((resolve) => setTimeout(resolve, 100));
    for (const page of [here, there]) await page.open(url);
    await add(here, "milk");
    await shows(here, "milk");
    await shows(there, "milk");
    await add(there, 'bread "ü" <b>🎉</b>');
    for (const page of [here, there]) await shows(page, 'bread "ü" <b>🎉</b>|milk');

    await edit(here, "rye bread");
    await here.press("Enter");
    for (const page of [here, there]) await shows(page, "rye bread|milk");

    // Two edit the same note: the second is told, and nothing is lost.
    await edit(there, "white bread");
    await edit(here, "brown bread");
    await here.press("Enter");
    await shows(here, "brown bread|milk");
    await there.press("Enter");
    await there.until(`document.getElementById("problem").textContent.startsWith("Somebody")`);
    expect(there.complaints.splice(0).join()).toContain("412");
    await there.press("Escape");

    await here.click(`#notes li:nth-child(2) [aria-label^="Delete"]`);
    await shows(here, "brown bread");

    // Without a goodbye. The pages find it again by themselves.
    running.signal("SIGKILL");
    await running.ended;
    const complaints = here.complaints.splice(0);
    expect(complaints.filter((text) => !text.includes("ERR_"))).toEqual([]);
    await boot(port);
    await here.open(url);
    await shows(here, "brown bread");
    await add(here, "oats");
    await shows(here, "oats|brown bread");
    await shows(there, "oats|brown bread");
  },
);
