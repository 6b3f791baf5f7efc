/** What the commands of `phantasm zones` print: the whole text. */
import {
  mkdtempSync,
  openSync,
  closeSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { transcript } from "./memory-terminal.js";

const ZONE = `$TTL 1h
@ SOA ns1 hostmaster 7 2h 30m 2w 10m
@ NS ns1
ns1 A 192.0.2.53
*.apps AAAA 2001:db8::7
text TXT "a \\"quoted\\" one" second
`;

let folder = "";
let disk = "";
let zone = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "phantasm-zones-"));
  disk = join(folder, "zones.img");
  zone = join(folder, "example.org.zone");
  writeFileSync(zone, ZONE);
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

async function shown(...args: readonly string[]): Promise<string> {
  const { status, out, err } = await transcript("zones", ...args);
  return `${out}${err}[${status}]`.replaceAll(`${folder}/`, "");
}

test("compile makes a disk, check finds it good, dump prints what was compiled", async () => {
  expect(await shown("compile", zone, "-o", disk)).toMatchInlineSnapshot(`
    "  zones       1
      content     424 B
      generation  1

    Check it:  phantasm zones check zones.img
    [0]"
  `);
  expect(statSync(disk).size).toBe(8192 + 2 ** 27);
  expect(statSync(disk).blocks * 512).toBeLessThan(65_536);
  writeFileSync(join(folder, "other"), ZONE.replace("7", "9"));
  expect(
    await shown("compile", zone, `example.net=${join(folder, "other")}`, "-o", disk),
  ).toContain("generation  2");
  expect(await shown("check", disk)).toMatchInlineSnapshot(`
    "  generation  2
      content     760 B, 10 records
      zone        example.net. serial 9, 5 records
      zone        example.org. serial 7, 5 records
    [0]"
  `);
  expect(await shown("dump", disk, "--zone", "Example.ORG")).toMatchInlineSnapshot(`
    "; example.org. serial 7, generation 2
    example.org.	3600	IN	SOA	ns1.example.org. hostmaster.example.org. 7 7200 1800 1209600 600
    example.org.	3600	IN	NS	ns1.example.org.
    *.apps.example.org.	3600	IN	AAAA	2001:db8::7
    ns1.example.org.	3600	IN	A	192.0.2.53
    text.example.org.	3600	IN	TXT	"a \\"quoted\\" one" "second"
    [0]"
  `);
  expect(await shown("dump", disk, "--zone", "example.com")).toMatchInlineSnapshot(`
    "phantasm: zones.img: it has no zone example.com.
    [1]"
  `);
});

test("a second writer is told that there is one", async () => {
  await transcript("zones", "compile", zone, "-o", disk);
  const { openLockedDisk } = await import("@phantasm/host/disk");
  const other = await openLockedDisk(disk, { besideReaders: true });
  expect(await shown("compile", zone, "-o", disk)).toMatchInlineSnapshot(`
    "phantasm: zones.img: another program writes to it at this moment; nothing was changed
    try again when it is done
    [105]"
  `);
  expect(await shown("check", disk)).toContain("generation  1");
  other.close();
  expect(await shown("compile", zone, "-o", disk)).toContain("generation  2");
});

test("mistakes in zones have a place, and the disk stays as it is", async () => {
  await transcript("zones", "compile", zone, "-o", disk);
  writeFileSync(zone, `${ZONE}x A 192.0.2\n@ MX 1 gone\n`);
  expect(await shown("compile", zone, "-o", disk)).toMatchInlineSnapshot(`
    "phantasm: example.org.zone:7:5: expected an IPv4 address such as 192.0.2.1, got 192.0.2
    [1]"
  `);
  writeFileSync(zone, `${ZONE}@ MX 1 gone\n`);
  expect(await shown("compile", zone, "-o", disk, "--strict")).toMatchInlineSnapshot(`
    "phantasm: example.org.zone:7:1: MX leads to gone.example.org., which has no address: add an A or AAAA record
    [1]"
  `);
  expect(await shown("compile", join(folder, "none"), "-o", disk)).toMatchInlineSnapshot(`
    "phantasm: none: no such file or directory
    [1]"
  `);
  expect(await shown("compile", zone)).toMatchInlineSnapshot(`
    "phantasm: zones compile needs a disk: -o DISK
      See: phantasm help zones compile
    [2]"
  `);
  expect(await shown("check", disk)).toContain("generation  1");
});

test("a disk that has something else, or is too small", async () => {
  writeFileSync(disk, Buffer.alloc(65_536, "x"));
  expect(await shown("check", disk)).toMatchInlineSnapshot(`
    "phantasm: zones.img: header 0: it is no header of zones; header 1: it is no header of zones
    [1]"
  `);
  expect(await shown("compile", zone, "-o", disk)).toMatchInlineSnapshot(`
    "phantasm: zones.img has something else than zones; nothing was changed
      Overwrite what is on it: --force
    [1]"
  `);
  expect(await shown("compile", zone, "-o", disk, "--force")).toContain("generation  1");
  const small = join(folder, "small.img");
  writeFileSync(zone, `${ZONE}$GENERATE 1-999 h$ A 192.0.2.1\n`);
  expect(await shown("compile", zone, "-o", small, "--size", "16K")).toMatchInlineSnapshot(`
    "phantasm: small.img: the zones have 40484 bytes, and half of the disk, beside those that are there, has room for 4096
    [1]"
  `);
  expect(await shown("compile", zone, "-o", small, "--size", "17")).toMatchInlineSnapshot(`
    "phantasm: --size 17: at least 16K, and whole pages of 4K
      See: phantasm help zones compile
    [2]"
  `);
});

test("damage: what is wrong, and what is served instead", async () => {
  await transcript("zones", "compile", zone, "-o", disk);
  await transcript("zones", "compile", zone, "-o", disk);
  const fd = openSync(disk, "r+");
  writeSync(fd, "x", 8192 + 2 ** 26 + 100);
  closeSync(fd);
  expect(await shown("check", disk)).toMatchInlineSnapshot(`
    "zones.img: generation 2: the checksum of its 424 bytes does not fit
      generation  1
      content     424 B, 5 records
      zone        example.org. serial 7, 5 records
    [1]"
  `);
});
