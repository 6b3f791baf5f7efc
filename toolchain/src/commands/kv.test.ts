/** What the commands of `phantasm kv` print: the whole text. */
import {
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { transcript } from "./memory-terminal.js";

const DUMP = `{"phantasm-kv-dump":1,"version":"7"}
{"key":"colour","version":"5","value":"blue"}
{"key":"session/1","version":"7","expires":"1800000000000000000","value":"a"}
{"key":"session/2","version":"6","value":"b"}
{"entries":3}
`;

let folder = "";
let disk = "";
let dump = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "phantasm-kv-"));
  disk = join(folder, "disk.img");
  dump = join(folder, "dump.jsonl");
  writeFileSync(dump, DUMP);
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

async function restored(): Promise<void> {
  expect(await transcript("kv", "restore", disk, dump, "--size", "1M")).toMatchObject({
    status: 0,
  });
}

/** Flips bits of a byte. */
function damage(position: number): void {
  const fd = openSync(disk, "r+");
  const byte = readFileSync(disk)[position] ?? 0;
  writeSync(fd, Uint8Array.of(byte ^ 0xff), 0, 1, position);
  closeSync(fd);
}

test("restore makes a file, check finds it good, dump gives back what was restored", async () => {
  expect(await transcript("kv", "restore", disk, dump, "--size", "1M")).toEqual({
    status: 0,
    out: `  entries  3
  used     102 kB of 1.05 MB
  tree     2 levels
`,
    err: `\nCheck it:  phantasm kv check ${disk}\n`,
  });
  expect(statSync(disk).size).toBe(2 ** 20);
  expect(await transcript("kv", "check", disk)).toEqual({
    status: 0,
    out: `${disk} holds a good store.
  entries   3, 1 in the tree expire
  content   24 B of keys, 6 B of values in the tree
  used      102 kB of 1.05 MB
  free      946 kB
  tree      2 levels, generation 1
  log       0 records, 0 B of 65.5 kB
  version   7
  identity  feffa60d5cd4d5f9
`,
    err: "",
  });
  expect(await transcript("kv", "dump", disk)).toEqual({ status: 0, out: DUMP, err: "" });
  expect((await transcript("kv", "dump", disk, "--keys", "--prefix", "session/")).out).toBe(
    `{"phantasm-kv-dump":1,"version":"7","keysOnly":true}
{"key":"session/1","version":"7","expires":"1800000000000000000","size":1}
{"key":"session/2","version":"6","size":1}
{"entries":2}
`,
  );
});

test("damage: where, what, and what can still be done", async () => {
  await restored();
  damage(20 * 4096 + 4000);
  const { status, out, err } = await transcript("kv", "check", disk);
  expect(status).toBe(1);
  expect(out.replaceAll(disk, "disk.img")).toMatchInlineSnapshot(`
    "disk.img: page 20 (leaf, reached from page 22): its checksum does not fit: f07af72374878b90, and its reference says 3e24299c8f756834

    disk.img holds a damaged store.
      entries   0, 1 in the tree expire
      content   0 B of keys, 0 B of values in the tree
      used      102 kB of 1.05 MB
      free      946 kB
      tree      2 levels, generation 1
      log       0 records, 0 B of 65.5 kB
      version   7
      identity  feffa60d5cd4d5f9
    "
  `);
  expect(err).toBe(
    `\nNothing was changed. What comes before the first damage:  phantasm kv dump ${disk}\n`,
  );
  const json = JSON.parse((await transcript("kv", "check", disk, "--json")).out) as object;
  expect(json).toMatchObject({ file: disk, good: false, damageCount: 1, notes: [] });
  const dumped = await transcript("kv", "dump", disk);
  expect(dumped.status).toBe(1);
  expect(dumped.err.replaceAll(disk, "disk.img")).toMatchInlineSnapshot(`
    "phantasm: disk.img: page 20 (leaf, reached from page 22): its checksum does not fit: f07af72374878b90, and its reference says 3e24299c8f756834
      The store is damaged: kv check tells all that is wrong with it.
    "
  `);
});

test("a copy of the meta page that is not whole is a note", async () => {
  await restored();
  damage(2 * 4096);
  const { status, out } = await transcript("kv", "check", disk);
  expect(status).toBe(0);
  expect(out.split("\n").slice(0, 3)).toEqual([
    `${disk}: page 2: no copy of the meta page; page 3 serves (a note)`,
    "",
    `${disk} holds a good store.`,
  ]);
});

test.each([
  [["--size", "1M", "--sector", "100"], "--sector 100: 512 or 4096 is expected"],
  [["--size", "much"], "--size much: expected a size in bytes such as 512, 64K or 16M"],
  [["--size", "100000"], "--size 100000: a store has at least 256K, and whole pages of 4K"],
])("wrong use of restore: %j", async (options, message) => {
  expect(await transcript("kv", "restore", disk, dump, ...options)).toEqual({
    status: 2,
    out: "",
    err: `phantasm: ${message}\n  See: phantasm help kv restore\n`,
  });
  expect(existsSync(disk)).toBe(false);
});

test("restore needs a size for a file that is not there", async () => {
  expect(await transcript("kv", "restore", disk, dump)).toEqual({
    status: 2,
    out: "",
    err: `phantasm: ${disk}: no such file
  Say how large it is to become: phantasm kv restore ${disk} --size 64M
`,
  });
});

test("restore does not overwrite what is there, unless it is told to", async () => {
  await restored();
  expect(await transcript("kv", "restore", disk, dump)).toEqual({
    status: 1,
    out: "",
    err: `phantasm: ${disk} is not blank; nothing was changed
  Overwrite what is on it: phantasm kv restore ${disk} --force
`,
  });
  expect((await transcript("kv", "dump", disk)).out).toBe(DUMP);
  expect(await transcript("kv", "restore", disk, dump, "--force")).toMatchObject({ status: 0 });
});

test("a dump that cannot be restored: a new file goes, another one is left without a store", async () => {
  writeFileSync(dump, DUMP.replace("colour", "zebra"));
  const message = `phantasm: ${dump}, line 3: the key "session/1" is not above "zebra": a dump is sorted by the bytes of its keys\n`;
  expect(await transcript("kv", "restore", disk, dump, "--size", "1M")).toEqual({
    status: 1,
    out: "",
    err: message,
  });
  expect(existsSync(disk)).toBe(false);
  writeFileSync(disk, new Uint8Array(2 ** 20));
  expect((await transcript("kv", "restore", disk, dump)).err).toBe(
    `${message}  There is no store on ${disk} now.\n`,
  );
  expect((await transcript("kv", "check", disk)).err).toBe(
    `phantasm: ${disk}: there is no store in it: pages 0 to 3 are blank\n`,
  );
});

test("more than fits", async () => {
  const lines = Array.from(
    { length: 300 },
    (_, at) => `{"key":"${1000 + at}","version":"1","value":"${"x".repeat(2000)}"}\n`,
  );
  writeFileSync(dump, ['{"phantasm-kv-dump":1,"version":"7"}\n', ...lines].join(""));
  expect(await transcript("kv", "restore", disk, dump, "--size", "1M")).toEqual({
    status: 1,
    out: "",
    err: expect.stringMatching(
      /line \d+: the store is full; \d+ entries fit\n {2}Make it larger: --size\.\n$/,
    ) as string,
  });
});

test("a dump that is not there costs nothing", async () => {
  await restored();
  const missing = join(folder, "missing.jsonl");
  expect(await transcript("kv", "restore", disk, missing, "--force")).toEqual({
    status: 1,
    out: "",
    err: `phantasm: ${missing}: no such file or directory\n`,
  });
  expect((await transcript("kv", "dump", disk)).out).toBe(DUMP);
});

test("a disk that somebody else has", async () => {
  await restored();
  const { openLockedDisk } = await import("@phantasm/host/disk");
  const held = await openLockedDisk(disk);
  try {
    for (const args of [
      ["check", disk],
      ["dump", disk],
      ["restore", disk, dump, "--force"],
    ])
      expect(await transcript("kv", ...args)).toMatchObject({
        status: 105,
        err: expect.stringContaining(`${disk}: the disk is in use`) as string,
      });
  } finally {
    held.close();
  }
});
