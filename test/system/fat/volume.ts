/** Volumes of dosfstools and mtools, and the shell appliance on them. */
import { execFileSync, spawnSync } from "node:child_process";
import { closeSync, ftruncateSync, openSync, writeSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { builtImage } from "../../support/built.js";

const ROOT = new URL("../../../", import.meta.url);
const PHANTASM = fileURLToPath(new URL("toolchain/bin/phantasm.js", ROOT));

const ENVIRONMENT = { ...process.env, LC_ALL: "C.UTF-8", TZ: "UTC", MTOOLS_SKIP_CHECK: "1" };

/** Why the tools are not there, or null. */
export function toolsProblem(): string | null {
  const missing = ["mkfs.vfat", "fsck.vfat", "mcopy"].filter(
    (command) => spawnSync("which", [command], { stdio: "ignore" }).status !== 0,
  );
  return missing.length === 0
    ? null
    : `the commands ${missing.join(", ")} are not installed: apt-get install dosfstools mtools`;
}

export async function shellImage(): Promise<string> {
  return builtImage(fileURLToPath(new URL("test/system/fat/appliance", ROOT)));
}

/** Bytes as the shell's \`put\` makes them. */
export function pattern(bytes: number, seed: number): Uint8Array {
  return Uint8Array.from({ length: bytes }, (_, n) => n * 7 + (n >> 9) + seed);
}

/** As the shell prints it. */
export function hashOf(bytes: Uint8Array): string {
  let hash = 0x811c9dc5;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return hash.toString(16);
}

export class Volume {
  constructor(readonly path: string) {}

  /** Makes a file of so many bytes, and a volume in it. */
  static make(path: string, bytes: number, options: readonly string[]): Volume {
    const file = openSync(path, "w");
    ftruncateSync(file, bytes);
    closeSync(file);
    execFileSync("mkfs.vfat", [...options, path], { stdio: "pipe", env: ENVIRONMENT });
    return new Volume(path);
  }

  /** An mtools command; its standard output. */
  mtool(command: string, ...words: readonly string[]): Buffer {
    return execFileSync(command, ["-i", this.path, ...words], {
      env: ENVIRONMENT,
      maxBuffer: 2 ** 26,
      stdio: ["ignore", "pipe", "pipe"],
    });
  }

  put(path: string, bytes: Uint8Array): void {
    execFileSync("mcopy", ["-i", this.path, "-", `::${path}`], { input: bytes, env: ENVIRONMENT });
  }

  get(path: string): Buffer {
    return this.mtool("mcopy", `::${path}`, "-");
  }

  /** Fills so many bytes from the beginning with rubbish. */
  damage(bytes: number): void {
    const file = openSync(this.path, "r+");
    writeSync(file, Buffer.alloc(bytes, 0x5a), 0, bytes, 0);
    closeSync(file);
  }

  /** As docs/storage.md says. */
  restoreBootSector(): void {
    const words = ["bs=512", "skip=6", "count=1", "conv=notrunc"];
    execFileSync("dd", [`if=${this.path}`, `of=${this.path}`, ...words], { stdio: "ignore" });
  }

  /** What fsck.vfat has to say, line by line, without its first and last line. */
  fsck(): { status: number | null; findings: string[] } {
    const { status, stdout } = spawnSync("fsck.vfat", ["-n", this.path], {
      encoding: "utf8",
      env: ENVIRONMENT,
    });
    const findings = stdout
      .split("\n")
      .filter((line) => line !== "" && !/^fsck\.fat |: \d+ files, /.test(line))
      .filter(
        (line) => !/^(Dirty bit|Leaving filesystem unchanged)/.test(line) || line.includes("Dirty"),
      );
    return { status, findings };
  }

  /** Runs the shell on it; the words of a line are separated by tabs. What it printed. */
  shell(image: string, lines: readonly string[], attach = this.path): string[] {
    const input = lines.map((line) => `${line}\n`).join("");
    const run = [PHANTASM, "run", image, "--block", `disk=${attach}`];
    const { status, stdout, stderr } = spawnSync(process.execPath, run, {
      input,
      encoding: "utf8",
      maxBuffer: 2 ** 26,
    });
    if (status !== 0 || stderr !== "") throw new Error(`${String(status)} ${stdout} ${stderr}`);
    return stdout.split("\n").slice(0, -1);
  }
}
