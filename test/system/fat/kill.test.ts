/** The host is killed while an appliance writes, again and again on the same volume. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Draw } from "../../support/recording.js";
import { Volume, hashOf, pattern, shellImage, toolsProblem } from "./volume.js";

const problem = toolsProblem();
if (problem !== null) console.warn(`killing the host of a FAT volume is left out: ${problem}`);

const PHANTASM = fileURLToPath(new URL("../../../toolchain/bin/phantasm.js", import.meta.url));
const KILLS = Number(process.env["PHANTASM_FAT_KILLS"] ?? 5);
const RECORD_BYTES = 100;
const RECORDS = 400;

describe.skipIf(problem !== null)("kill -9", () => {
  let image = "";
  let folder = "";

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "phantasm-fat-kill-"));
    image = await shellImage();
  });

  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  /** Appends records until it is killed, after some; returns how many were acknowledged. */
  async function appendAndDie(volume: Volume, after: number): Promise<number> {
    const run = [PHANTASM, "run", image, "--block", `disk=${volume.path}`];
    const child = spawn(process.execPath, run, { stdio: ["pipe", "pipe", "inherit"] });
    child.stdin.on("error", () => undefined);
    child.stdin.end(`put\t/log.txt\t${RECORD_BYTES}\t0\nmark\n`.repeat(RECORDS));
    let acknowledged = 0;
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      acknowledged += text.split("what is mark?").length - 1;
      if (acknowledged >= after) child.kill("SIGKILL");
    });
    await once(child, "close");
    return acknowledged;
  }

  test("loses nothing that was acknowledged", async () => {
    const volume = Volume.make(join(folder, "disk.img"), 40 * 2 ** 20, ["-F", "32", "-s", "1"]);
    const draw = new Draw(4711);
    let records = 0;
    for (let kill = 0; kill < KILLS; kill++) {
      const after = 1 + draw.below(150);
      records += await appendAndDie(volume, after);
      const [line = ""] = volume.shell(image, ["tree"]);
      const size = Number(line.split("\t")[1]);
      const where = `kill ${kill}, after ${after}: ${line}`;
      expect([where, size >= records * RECORD_BYTES]).toEqual([where, true]);
      expect([where, size % RECORD_BYTES]).toEqual([where, 0]);
      expect(line).toBe(`/log.txt\t${size}\t${hashOf(pattern(size, 0))}`);
      records = size / RECORD_BYTES;
    }
  });
});
