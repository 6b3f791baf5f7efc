/** `phantasm kv restore`. */
import { createReadStream, existsSync, unlinkSync } from "node:fs";
import { resolve } from "node:path";
import {
  LOG_UNIT_BYTES,
  PAGE_BYTES,
  Restorer,
  STORE_PAGES_MIN,
  type FileDevice,
  type LogUnitBytes,
  type WrittenStore,
} from "@phantasm/kv-format";
import { usageError, UserError } from "./errors.js";
import { fileError, shellWord, shown } from "./files.js";
import { withDisk } from "./kv-disk.js";
import type { Invocation } from "./parse.js";
import { statusLine } from "./progress.js";
import type { Terminal } from "./terminal.js";
import { card, count, formatBytes } from "./text.js";

const STORE_BYTES_MIN = STORE_PAGES_MIN * PAGE_BYTES;
/** Where partition tables, file systems and stores begin, and where some end. */
const BLANK_BYTES = 1_048_576;
/** The line is shown anew after so many bytes of the dump. */
const PROGRESS_BYTES = 8_388_608;

/** `phantasm kv restore FILE [DUMP] [--size SIZE] [--force] [--sector BYTES]`. */
export async function kvRestore(invocation: Invocation, terminal: Terminal): Promise<number> {
  const [file = "", dump] = invocation.operands;
  const hint = `See: ${terminal.program} help kv restore`;
  const bytes = await sizeOption(invocation.value("size"), hint);
  const logUnitBytes = sectorOption(invocation.value("sector"), hint);
  if (bytes === undefined && !existsSync(resolve(file)))
    throw usageError(
      `${shown(resolve(file))}: no such file`,
      `Say how large it is to become: ${terminal.program} kv restore ${shellWord(file)} --size 64M`,
    );
  if (dump === undefined && process.stdin.isTTY)
    throw usageError("kv restore needs a dump: a file, or standard input", hint);
  // Opened before anything is overwritten: a name that is wrong costs nothing.
  const input = dump === undefined ? process.stdin : await openDump(dump);
  const force = invocation.flag("force");
  const written = await withDisk(file, { readonly: false, bytes }, async (disk) => {
    if (disk.device.bytes < STORE_BYTES_MIN)
      throw new UserError(`${disk.name}: ${disk.device.bytes} bytes are too few for a store`, {
        hint: `It takes at least ${STORE_BYTES_MIN / 1024}K.`,
      });
    if (!force && !disk.created && !isBlank(disk.device))
      throw new UserError(`${disk.name} is not blank; nothing was changed`, {
        hint: `Overwrite what is on it: ${terminal.program} kv restore ${shellWord(disk.name)} --force`,
      });
    try {
      return await restore(disk.device, input, logUnitBytes, terminal);
    } catch (error) {
      if (disk.created) unlinkSync(disk.path);
      throw forUser(error, dump ?? "standard input", disk.created ? null : disk.name);
    }
  });
  terminal.out(
    card([
      ["entries", String(written.entries)],
      ["used", `${formatBytes(written.usedBytes)} of ${formatBytes(written.storeBytes)}`],
      ["tree", count(written.depth, "level")],
    ]),
  );
  terminal.say(`\nCheck it:  ${terminal.program} kv check ${shellWord(shown(resolve(file)))}\n`);
  return 0;
}

async function sizeOption(text: string | undefined, hint: string): Promise<number | undefined> {
  if (text === undefined) return undefined;
  const { parseSize } = await import("@phantasm/host/values");
  let bytes: number;
  try {
    bytes = Number(parseSize(text));
  } catch (error) {
    throw usageError(`--size ${text}: ${(error as Error).message}`, hint);
  }
  if (bytes % PAGE_BYTES !== 0 || bytes < STORE_BYTES_MIN)
    throw usageError(
      `--size ${text}: a store has at least ${STORE_BYTES_MIN / 1024}K, and whole pages of 4K`,
      hint,
    );
  return bytes;
}

function sectorOption(text: string | undefined, hint: string): LogUnitBytes {
  if (text === undefined) return 512;
  const found = LOG_UNIT_BYTES.find((bytes) => String(bytes) === text);
  if (found === undefined) throw usageError(`--sector ${text}: 512 or 4096 is expected`, hint);
  return found;
}

async function openDump(path: string): Promise<AsyncIterable<Buffer>> {
  const stream = createReadStream(path, { highWaterMark: 1_048_576 });
  await new Promise<void>((ready, fail) => {
    stream.once("open", () => ready());
    stream.once("error", (error) => fail(fileError(resolve(path), error) as Error));
  });
  return stream as AsyncIterable<Buffer>;
}

/** Whether the first and the last mebibyte are 0. */
function isBlank(device: FileDevice): boolean {
  const buffer = new Uint8Array(Math.min(BLANK_BYTES, device.bytes));
  return [0, device.bytes - buffer.length].every((position) => {
    device.read(buffer, position);
    return buffer.every((byte) => byte === 0);
  });
}

async function restore(
  device: FileDevice,
  input: AsyncIterable<Buffer | string>,
  logUnitBytes: LogUnitBytes,
  terminal: Terminal,
): Promise<WrittenStore> {
  const line = statusLine(terminal);
  const restorer = new Restorer(device, { logUnitBytes });
  let shownAt = 0;
  let read = 0;
  try {
    for await (const piece of input) {
      const bytes = Buffer.from(piece);
      restorer.write(bytes);
      read += bytes.length;
      if (read < shownAt) continue;
      shownAt = read + PROGRESS_BYTES;
      line.show(`restoring … ${formatBytes(read)} of the dump, ${restorer.entries} entries`);
    }
    line.show("restoring … the inner pages of the tree");
    return restorer.finish();
  } finally {
    line.clear();
    restorer.close();
  }
}

/** @param left a disk that is without a store now; null: it was removed */
function forUser(error: unknown, dump: string, left: string | null): unknown {
  if (!(error instanceof Error)) return error;
  const hint = left === null ? {} : { hint: `There is no store on ${left} now.` };
  if (error.name === "DumpError") return new UserError(`${dump}, ${error.message}`, hint);
  if (error.name === "FullError")
    return new UserError(`${dump}, ${error.message}`, {
      hint: `Make it larger: --size.${left === null ? "" : ` There is no store on ${left} now.`}`,
    });
  return error;
}
