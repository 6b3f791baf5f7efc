// npm run demo: builds examples/web, boots it on a free port, gets its first page and says how long that took.
// At a terminal it serves until Ctrl-C; elsewhere, in CI, or with --once it stops then, with status 0 if all went well.
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { get } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const cwd = fileURLToPath(new URL("..", import.meta.url));
const PHANTASM = "toolchain/bin/phantasm.js";
const EXAMPLE = "examples/web";
const ANSWER_MS_MAX = 30_000;
const AGAIN_MS = 10;

const stays = process.stdin.isTTY && !process.env.CI && !process.argv.includes("--once");

// Its pages follow the documentation, and the image its pages: built, unless it is up to date.
const made = spawnSync(process.execPath, [`${EXAMPLE}/site/build.mjs`], { cwd, stdio: "inherit" });
if (made.status !== 0) process.exit(made.status ?? 1);
const inspected = spawnSync(process.execPath, [PHANTASM, "inspect", EXAMPLE, "--json"], {
  cwd,
  stdio: ["ignore", "pipe", "inherit"],
});
if (inspected.status !== 0) process.exit(inspected.status ?? 1);
const { bytes: imageBytes, manifest } = JSON.parse(inspected.stdout.toString());
const image = `${EXAMPLE}/dist/${manifest.name}.wasm`;

const start = performance.now();
const elapsed = () => performance.now() - start;
const running = spawn(process.execPath, [PHANTASM, "run", image, "-p", "0:80"], {
  cwd,
  stdio: ["ignore", "inherit", "pipe"],
});
const ended = once(running, "exit");
// Ctrl-C reaches the image too, which ends in order, and this program after it.
process.on("SIGINT", () => undefined);
process.on("SIGTERM", () => running.kill());

const url = await Promise.race([published(), ended.then(() => null)]);
const answer = url === null ? null : await firstAnswer(url);
if (answer === null) {
  console.error(`demo: ${url ?? EXAMPLE} has not answered`);
  running.kill();
} else {
  console.log(
    `\n  image      ${(imageBytes / 1000).toFixed(0)} kB, with a network stack of its own\n` +
      `  GET /      ${answer.status}, ${answer.bytes} bytes of ${answer.type}\n` +
      `  answered   ${answer.ms.toFixed(0)} ms after the start of its host\n`,
  );
  if (stays) console.log(`Open ${url} in a browser. Ctrl-C ends it.`);
  else running.kill();
}
const [status] = await ended;
process.exit(answer === null ? 1 : (status ?? 1));

/** The URL that `phantasm run` says; what else it says is passed on. */
function published() {
  return new Promise((resolve) => {
    let said = "";
    running.stderr.setEncoding("utf8").on("data", (text) => {
      process.stderr.write(text);
      said = (said + text).slice(-10_000);
      const [, found] = /(http:\/\/\S+) -> /.exec(said) ?? [];
      if (found !== undefined) resolve(found);
    });
  });
}

/** Asks until there is an answer; null: there was none in time. */
async function firstAnswer(page) {
  while (elapsed() < ANSWER_MS_MAX && running.exitCode === null)
    try {
      const [response] = await once(get(page, { timeout: ANSWER_MS_MAX }), "response");
      const ms = elapsed();
      let bytes = 0;
      for await (const piece of response) bytes += piece.length;
      return { status: response.statusCode, type: response.headers["content-type"], bytes, ms };
    } catch {
      await delay(AGAIN_MS);
    }
  return null;
}
