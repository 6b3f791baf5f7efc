import { describe, expect, it } from "vitest";
import {
  parseBlockOption,
  parseNetOption,
  parsePcapOption,
  parseSize,
  parseTapDescriptorOption,
} from "./options.js";

describe("parseNetOption", () => {
  it.each([
    ["lan=loopback", "lan", { kind: "loopback" }],
    ["loopback", null, { kind: "loopback" }],
    ["user", null, { kind: "user" }],
    ["lan=user,mtu=9000", "lan", { kind: "user", mtu: 9000 }],
    ["lan=switch:/tmp/s", "lan", { kind: "switch", path: "/tmp/s" }],
    ["switch:a=b.sock", null, { kind: "switch", path: "a=b.sock" }],
    ["lan=switch:/a,b/c", "lan", { kind: "switch", path: "/a,b/c" }],
    [
      "lan=switch:/tmp/s,mtu=9000,mac=02:00:00:00:00:01",
      "lan",
      { kind: "switch", path: "/tmp/s", mtu: 9000, mac: "02:00:00:00:00:01" },
    ],
    ["lan=tap:tap0", "lan", { kind: "tap", interface: "tap0" }],
    ["tap:br-0.1@x,mtu=1400", null, { kind: "tap", interface: "br-0.1@x", mtu: 1400 }],
    ["lan=tap-fd:3", "lan", { kind: "tap-fd", descriptor: 3 }],
  ])("reads %s", (text, name, description) => {
    expect(parseNetOption(text)).toEqual({ name, description });
  });

  it.each([
    ["", "the backend is missing"],
    ["lan=", "the backend is missing"],
    ["lan=switch", "the path of the switch is missing"],
    ["lan=switch:", "the path of the switch is missing"],
    ["lan=tap", "the tap interface is missing, as tap0 in tap:tap0"],
    ["lan=tap:", "the tap interface is missing"],
    ["lan=tap:a/b", '"a/b" cannot be the name of an interface'],
    ["lan=tap:sixteen-letters-", '"sixteen-letters-" cannot be the name of an interface'],
    ["lan=tap-fd", "a descriptor is a number, as 3 in 3</dev/net/tun"],
    ["lan=tap-fd:x", "a descriptor is a number"],
    ["lan=bridge:br0", 'there is no backend "bridge:br0"'],
    ["lan=loopback,mac=01:00:00:00:00:01", '"01:00:00:00:00:01" is not the address of one station'],
    ["lan=loopback,mac=2:0", '"2:0" is not the address'],
    ["lan=loopback,mtu=20", "an mtu is 68 to 65535"],
    ["lan=loopback,mtu=1500,mtu=1500", "mtu= is there twice"],
    ["lan=switch:/s,speed=10", 'there is no option "speed"'],
  ])("refuses %j and shows the form", (text, problem) => {
    const act = () => parseNetOption(text);
    expect(act).toThrow(`--net ${text}: ${problem}`);
    expect(act).toThrow(
      "the form is --net [NAME=]user, [NAME=]loopback, [NAME=]switch:PATH or [NAME=]tap:IF",
    );
  });
});

describe("parseTapDescriptorOption", () => {
  it("is short for --net", () => {
    expect(parseTapDescriptorOption("lan=3,mtu=9000")).toEqual(
      parseNetOption("lan=tap-fd:3,mtu=9000"),
    );
    expect(parseTapDescriptorOption("3")).toEqual(parseNetOption("tap-fd:3"));
    expect(() => parseTapDescriptorOption("lan=tap0")).toThrow(
      "--tap-fd lan=tap0: a descriptor is a number, as 3 in 3</dev/net/tun\n" +
        "the form is --tap-fd [NAME=]N",
    );
  });
});

describe("parseBlockOption", () => {
  it.each([
    ["disk.img", null, { kind: "file", path: "disk.img" }],
    ["disk=disk.img", "disk", { kind: "file", path: "disk.img" }],
    ["disk=disk.img:64M", "disk", { kind: "file", path: "disk.img", bytes: 67_108_864 }],
    ["disk=/a:b/disk.img:ro", "disk", { kind: "file", path: "/a:b/disk.img", readonly: true }],
    ["disk=d:1G:ro", "disk", { kind: "file", path: "d", bytes: 2 ** 30, readonly: true }],
    ["./a=b", null, { kind: "file", path: "./a=b" }],
    ["mem:16M", null, { kind: "memory", bytes: 2 ** 24 }],
    ["disk=mem:4096", "disk", { kind: "memory", bytes: 4096 }],
    ["memory.img", null, { kind: "file", path: "memory.img" }],
    ["C:name", null, { kind: "file", path: "C:name" }],
    ["overlay:d", null, { kind: "overlay", path: "d" }],
    ["./overlay:d", null, { kind: "file", path: "./overlay:d" }],
    ["disk=overlay:d,changes=/a/c", "disk", { kind: "overlay", path: "d", changes: "/a/c" }],
    ["d,direct", null, { kind: "file", path: "d", direct: true }],
    [
      "d:64K:ro,sector=4096,async",
      null,
      { kind: "file", path: "d", bytes: 65_536, readonly: true, sectorBytes: 4096, async: true },
    ],
    ["mem:16M,sector=4096", null, { kind: "memory", bytes: 2 ** 24, sectorBytes: 4096 }],
    ["a,b", null, { kind: "file", path: "a,b" }],
    ["a,b=c/d", null, { kind: "file", path: "a,b=c/d" }],
  ])("reads %s", (text, name, description) => {
    expect(parseBlockOption(text)).toEqual({ name, description });
  });

  it.each([
    ["", "the file is missing"],
    ["disk=", "the file is missing"],
    ["disk=:64M", "the file is missing"],
    ["disk=mem", "a memory disk needs a size, as in mem:16M"],
    ["disk=mem:lots", "a memory disk needs a size, as in mem:16M"],
    ["disk=d.img:64X", '"64X" is not a size'],
    ["disk=d.img:0", '"0" is not a size'],
    ["disk=d.img:9999999T", '"9999999T" is not a size'],
    ["d,dirct", 'there is no option "dirct"; did you mean ,direct?'],
    ["d,sectors=512", 'there is no option "sectors="; did you mean ,sector=?'],
    ["d,sector=1024", "a sector has 512 or 4096 bytes"],
    ["d,sector", 'there is no option "sector"; did you mean ,sector=?'],
    ["d,direct,direct", "direct is there twice"],
    ["d,sector=512,sector=512", "sector= is there twice"],
    ["d,ro", 'there is no option "ro"; it is written :ro'],
    ["d,size=64M", "a size is written FILE:64M"],
    ["d,direct:ro", ":ro comes before the options"],
    ["d,direct:64M", "the size comes before the options"],
    ["d,changes=c", "changes= is for overlay:FILE"],
    ["overlay:d,changes=", "the file of changes= is missing"],
    ["overlay:", "the file below is missing"],
    ["overlay:d:64M", "an overlay has the size of its file"],
    ["overlay:d:ro", "an overlay is there to be written"],
    ["mem:1M,direct", "a memory disk has no ,direct"],
  ])("refuses %j and shows the form", (text, problem) => {
    const act = () => parseBlockOption(text);
    expect(act).toThrow(`--block ${text}: ${problem}`);
    expect(act).toThrow("the form is --block [NAME=]FILE[:SIZE][:ro]");
  });
});

describe("parsePcapOption", () => {
  it("reads a name and a file", () => {
    expect(parsePcapOption("lan=/tmp/x.pcap")).toEqual({ name: "lan", description: "/tmp/x.pcap" });
    expect(parsePcapOption("x.pcap")).toEqual({ name: null, description: "x.pcap" });
    expect(() => parsePcapOption("lan=")).toThrow("the file is missing");
  });
});

describe("parseSize", () => {
  it.each([
    ["1", 1],
    ["4k", 4096],
    ["64M", 2 ** 26],
    ["64MiB", 2 ** 26],
    ["2G", 2 ** 31],
    ["1T", 2 ** 40],
    ["", null],
    ["-1", null],
    ["1.5M", null],
    ["M", null],
  ])("%j is %j", (text, bytes) => {
    expect(parseSize(text)).toBe(bytes);
  });
});
