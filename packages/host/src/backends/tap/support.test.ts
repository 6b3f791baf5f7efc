import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { tapInterfaces, tapSupport } from "./support.js";

it("lists the taps of a machine, and what keeps this user from them", () => {
  const folder = mkdtempSync(join(tmpdir(), "phantasm-sys-"));
  const add = (name: string, files: Readonly<Record<string, string>>): void => {
    mkdirSync(join(folder, name));
    for (const [file, text] of Object.entries(files)) writeFileSync(join(folder, name, file), text);
  };
  const free = { tun_flags: "0x1002\n", owner: "-1\n", group: "-1\n", flags: "0x1003\n" };
  const other = process.geteuid!() + 1;
  add("eth0", { flags: "0x1003\n" });
  add("tap0", { ...free, carrier: "0\n" });
  add("tap1", { ...free, carrier: "1\n" });
  add("tap2", { ...free, owner: `${other}\n`, flags: "0x1002\n" });
  add("tap3", { ...free, group: "123456\n" });
  add("tun0", { ...free, tun_flags: "0x1001\n" });
  const isRoot = process.geteuid!() === 0;
  expect(tapInterfaces(folder)).toEqual([
    { name: "tap0", isUp: true, obstacle: null },
    { name: "tap1", isUp: true, obstacle: "in use" },
    { name: "tap2", isUp: false, obstacle: isRoot ? null : `of user ${other}` },
    { name: "tap3", isUp: true, obstacle: isRoot ? null : "of group 123456" },
  ]);
  rmSync(folder, { recursive: true });
  expect(tapInterfaces(folder)).toEqual([]);
});

it("finds koffi where it is installed", async () => {
  const { hasLibrary, creation } = await tapSupport();
  expect(hasLibrary).toBe(process.platform === "linux");
  expect(creation).toContain("sudo ip tuntap add dev tap0 mode tap user $USER vnet_hdr");
});
