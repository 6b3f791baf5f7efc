import { describe, expect, test } from "vitest";
import { clock } from "@phantasm/clock";
import type { Device } from "phantasm";
import {
  block,
  cache,
  checksummed,
  mirror,
  overlay,
  overlayInMemory,
  partition,
  ramDisk,
  slice,
  timeout,
} from "./index.js";

const disk = block("disk");

/** The constants an image gets, by name. */
function values(device: Device<"Block">): Record<string, unknown> {
  const entries = (device.parameters ?? []).flatMap((parameter) =>
    "value" in parameter ? [[parameter.name, parameter.value] as const] : [],
  );
  return Object.fromEntries(entries);
}

test("what they say to an image", () => {
  expect(values(slice(disk, { first: 8 }))).toEqual({ first: 8, count: 0 });
  expect(values(slice(disk, { first: 8, sectors: 2 ** 40 }))).toEqual({ first: 8, count: 2 ** 40 });
  expect(values(partition(disk, { number: 5 }))).toEqual({ by: 0, number: 5, text: "" });
  expect(values(partition(disk, { name: "data" }))).toEqual({ by: 1, number: 0, text: "data" });
  const linux = "af3dc60f838472478e793d69d8477de4";
  expect(values(partition(disk, { type: "linux" }))).toEqual({ by: 2, number: 0, text: linux });
  expect(values(partition(disk, { type: "0FC63DAF-8483-4772-8E79-3D69D8477DE4" }))["text"]).toBe(
    linux,
  );
  expect(values(partition(disk, { type: 0x83 }))).toEqual({ by: 3, number: 0x83, text: "" });
  expect(values(cache(disk))).toEqual({ bytes: 4_194_304, dirtyPercent: 50, requests: 32 });
  expect(values(checksummed(disk))).toEqual({ bytes: 262_144, requests: 16 });
  expect(values(timeout(disk, clock(), 2e9))).toEqual({ limitNs: 2e9, requests: 32 });
  expect(values(ramDisk({ bytes: 8192, sectorBytes: 4096 }))).toEqual({
    bytes: 8192,
    sectorBytes: 4096,
    requests: 64,
  });
  expect(values(mirror(disk, block("other")))).toEqual({ requests: 16 });
  expect(values(overlay(disk, block("other"), { requests: 3 }))).toEqual({ requests: 3 });
  expect(overlayInMemory(disk, { bytes: 65_536 }).class).toBe("Overlay");
});

describe("a mistake is told at its key", () => {
  const cases: readonly (readonly [string, () => unknown, string])[] = [
    ["part", () => slice(disk, { first: -1 }), "first: slice: first must be a whole number from 0"],
    ["none", () => slice(disk, { first: 1, sectors: 0 }), "sectors: slice: sectors must be"],
    ["no choice", () => partition(disk, {}), "undefined: partition: expected one of number, name"],
    [
      "two choices",
      () => partition(disk, { number: 1, name: "x" }),
      "name: partition: expected one of number, name and type",
    ],
    ["number", () => partition(disk, { number: 0 }), "number: partition: number must be"],
    ["label", () => partition(disk, { name: "x".repeat(37) }), "name: partition: name must have 1"],
    [
      "type",
      () => partition(disk, { type: "swap" }),
      `type: partition: type must be a GUID, a number, or one of linux, efi, data, got "swap"`,
    ],
    ["cache", () => cache(disk, { bytes: 1000 }), "bytes: cache: bytes must be a whole number"],
    ["dirty", () => cache(disk, { dirtyPercent: 95 }), "dirtyPercent: cache: dirtyPercent must be"],
    [
      "time",
      () => timeout(disk, clock(), 5),
      "ns: timeout: ns must be a whole number from 1000000",
    ],
    ["size", () => ramDisk({ bytes: 1000 }), "bytes: ramDisk: bytes must be a multiple of 512"],
    [
      "sector",
      () => ramDisk({ bytes: 4096, sectorBytes: 1024 as 512 }),
      "sectorBytes: ramDisk: sectorBytes must be 512 or 4096, got 1024",
    ],
    ["option", () => mirror(disk, disk, { request: 5 } as object), `request: mirror: there is no`],
    ["one disk", () => mirror(disk, disk), "undefined: mirror: expected two different disks"],
    ["many", () => checksummed(disk, { requests: 25 }), "requests: checksummed: requests must be"],
    [
      "no disk",
      () => cache(clock() as unknown as Device<"Block">),
      "undefined: Cache of @phantasm/block: disk must be a device that provides Block",
    ],
  ];
  test.each(cases)("%s", (_name, make, message) => {
    let told = "";
    try {
      make();
    } catch (error) {
      const { key, message } = error as { key?: string; message: string };
      told = `${key}: ${message}`;
    }
    expect(told.startsWith(message) ? message : told).toBe(message);
  });
});
