/** Headless Chromium, driven over a pipe with its DevTools protocol: as much of it as the tests of pages need. */
import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable, Writable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";

const CHROMIUM = "chromium";
export const HAS_CHROMIUM = spawnSync(CHROMIUM, ["--version"]).status === 0;

const WAIT_MS_MAX = 30_000;
const POLL_MS = 25;
const CLOSE_MS_MAX = 5_000;
const FLAGS = [
  ...["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--hide-scrollbars"],
  // Nothing but what a test asks for goes out.
  ...["--disable-quic", "--disable-background-networking", "--disable-component-update"],
  ...["--disable-sync", "--disable-dev-shm-usage", "--remote-debugging-pipe"],
];

type Parameters = Readonly<Record<string, unknown>>;
type Result = Readonly<Record<string, unknown>>;

interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly params?: Result;
  readonly sessionId?: string;
  readonly result?: Result;
  readonly error?: { readonly message: string };
}

interface Waiting {
  resolve(result: Result): void;
  reject(error: Error): void;
}

/** A browser of its own, with an empty profile; `close` ends it. */
export class Browser {
  readonly #child: ChildProcess;
  readonly #profile: string;
  readonly #waiting = new Map<number, Waiting>();
  readonly #pages = new Map<string, Page>();
  #calls = 0;
  #heard = "";

  constructor() {
    this.#profile = mkdtempSync(join(tmpdir(), "phantasm-chromium-"));
    this.#child = spawn(CHROMIUM, [...FLAGS, `--user-data-dir=${this.#profile}`, "about:blank"], {
      stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"],
    });
    (this.#child.stdio[4] as Readable).setEncoding("utf8").on("data", (text: string) => {
      const messages = (this.#heard + text).split("\0");
      this.#heard = messages.pop() ?? "";
      for (const message of messages) this.#take(JSON.parse(message) as Message);
    });
    this.#child.on("close", () => {
      for (const { reject } of this.#waiting.values()) reject(new Error("the browser has ended"));
      this.#waiting.clear();
    });
  }

  #take(message: Message): void {
    const { id, method, params, sessionId, result, error } = message;
    if (id !== undefined) {
      const waiting = this.#waiting.get(id);
      this.#waiting.delete(id);
      if (error !== undefined) waiting?.reject(new Error(error.message));
      else waiting?.resolve(result ?? {});
    } else if (method !== undefined && sessionId !== undefined)
      this.#pages.get(sessionId)?.onEvent(method, params ?? {});
  }

  async call(method: string, params: Parameters = {}, sessionId?: string): Promise<Result> {
    const id = ++this.#calls;
    const answered = new Promise<Result>((resolve, reject) =>
      this.#waiting.set(id, { resolve, reject }),
    );
    const message = JSON.stringify({ id, method, params, ...(sessionId && { sessionId }) });
    (this.#child.stdio[3] as Writable).write(`${message}\0`);
    return answered;
  }

  /** A new tab. */
  async page(): Promise<Page> {
    const { targetId } = await this.call("Target.createTarget", { url: "about:blank" });
    const attached = await this.call("Target.attachToTarget", { targetId, flatten: true });
    const sessionId = attached["sessionId"] as string;
    const page = new Page((method, params) => this.call(method, params, sessionId));
    this.#pages.set(sessionId, page);
    for (const domain of ["Page", "Runtime", "Log"]) await page.call(`${domain}.enable`);
    // Several tabs are in use at once: each believes that it is looked at.
    await page.call("Emulation.setFocusEmulationEnabled", { enabled: true });
    return page;
  }

  /** It is asked to end: then all of its processes have gone, and nobody writes to its profile. */
  async close(): Promise<void> {
    const ended = once(this.#child, "close");
    const killing = setTimeout(() => this.#child.kill("SIGKILL"), CLOSE_MS_MAX);
    await this.call("Browser.close").catch(() => undefined);
    await ended;
    clearTimeout(killing);
    rmSync(this.#profile, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  }
}

/** A tab. */
export class Page {
  /** What the console and the browser have complained about. */
  readonly complaints: string[] = [];
  readonly call: (method: string, params?: Parameters) => Promise<Result>;
  #loads = 0;

  constructor(call: (method: string, params?: Parameters) => Promise<Result>) {
    this.call = call;
  }

  onEvent(method: string, params: Result): void {
    const text = (): string => JSON.stringify(params);
    if (method === "Page.loadEventFired") this.#loads++;
    else if (method === "Runtime.exceptionThrown") this.complaints.push(text());
    else if (method === "Runtime.consoleAPICalled" && params["type"] === "error")
      this.complaints.push(text());
    else if (method === "Log.entryAdded" && text().includes('"level":"error"'))
      this.complaints.push(text());
  }

  /** Goes to an address, and waits until it has been loaded. */
  async open(url: string): Promise<void> {
    await this.#loaded(async () => {
      const { errorText } = await this.call("Page.navigate", { url });
      if (errorText !== undefined) throw new Error(`${url}: ${JSON.stringify(errorText)}`);
    });
  }

  async #loaded(act: () => Promise<void>): Promise<void> {
    const before = this.#loads;
    await act();
    await this.#until("a page to load", async () => this.#loads > before);
  }

  /** The value of an expression in the page. */
  async value<T>(expression: string): Promise<T> {
    const { result, exceptionDetails } = await this.call("Runtime.evaluate", {
      expression,
      awaitPromise: true,
      returnByValue: true,
    });
    if (exceptionDetails !== undefined)
      throw new Error(`${expression}: ${JSON.stringify(exceptionDetails)}`);
    return (result as { readonly value: T }).value;
  }

  /** Waits until an expression is true. */
  async until(expression: string): Promise<void> {
    await this.#until(expression, () => this.value<boolean>(`Boolean(${expression})`));
  }

  async #until(what: string, isSo: () => Promise<boolean>): Promise<void> {
    const deadline = Date.now() + WAIT_MS_MAX;
    while (!(await isSo())) {
      if (Date.now() > deadline) throw new Error(`waited for ${what} in vain`);
      await sleep(POLL_MS);
    }
  }

  /** Clicks with the mouse into the middle of what a selector finds first. */
  async click(selector: string): Promise<void> {
    const [x, y] = await this.value<[number, number]>(
      `(() => { const found = document.querySelector(${JSON.stringify(selector)});
        found.scrollIntoView({ block: "center", behavior: "instant" });
        const { x, y, width, height } = found.getBoundingClientRect();
        return [x + width / 2, y + height / 2]; })()`,
    );
    for (const type of ["mousePressed", "mouseReleased"])
      await this.call("Input.dispatchMouseEvent", { type, x, y, button: "left", clickCount: 1 });
  }

  /** Clicks a link, and waits for the page that it leads to. */
  async follow(selector: string): Promise<void> {
    await this.#loaded(() => this.click(selector));
  }

  /** Types into what has the focus, in place of what is selected. */
  async type(text: string): Promise<void> {
    for (const key of text) {
      await this.call("Input.dispatchKeyEvent", { type: "keyDown", key, text: key });
      await this.call("Input.dispatchKeyEvent", { type: "keyUp", key });
    }
  }

  async press(key: string): Promise<void> {
    const text = key === "Enter" ? "\r" : undefined;
    const code = { key, code: key, windowsVirtualKeyCode: key === "Enter" ? 13 : 27 };
    await this.call("Input.dispatchKeyEvent", { type: "keyDown", ...code, ...(text && { text }) });
    await this.call("Input.dispatchKeyEvent", { type: "keyUp", ...code });
  }

  /** As wide as a phone or a desktop, in light or dark. */
  async look(width: number, scheme: "light" | "dark"): Promise<void> {
    const size = { width, height: 900, deviceScaleFactor: 1, mobile: width < 600 };
    await this.call("Emulation.setDeviceMetricsOverride", size);
    const features = [{ name: "prefers-color-scheme", value: scheme }];
    await this.call("Emulation.setEmulatedMedia", { features });
  }

  /** What it looks like, as a PNG. */
  async screenshot(): Promise<Buffer> {
    const { data } = await this.call("Page.captureScreenshot", { format: "png" });
    return Buffer.from(data as string, "base64");
  }
}
