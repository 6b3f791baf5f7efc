import fc from "fast-check";
import { expect, test } from "vitest";
import { MANIFEST } from "../test/images.js";
import { encodeManifest, parseDecimal64, parseManifest, type Manifest } from "./index.js";

const RICH: Manifest = {
  ...MANIFEST,
  name: "a-0",
  capabilities: ["arguments", "clock", "console", "entropy"],
  devices: [
    {
      name: "service",
      type: "net",
      offloads: 15,
      services: [
        { port: 53, protocol: "tcp" },
        { port: 53, protocol: "udp" },
        { port: 443, protocol: "tcp", scheme: "https" },
        { port: 10_000, protocol: "udp" },
      ],
    },
    { name: "disk", type: "block" },
  ],
  arguments: [
    { name: "service", type: "integer", help: "same name as a device: grüß 😀", required: true },
    {
      name: "port",
      type: "integer",
      help: "TCP port",
      required: false,
      default: "80",
      minimum: "1",
      maximum: "65535",
    },
    { name: "low", type: "integer", help: "", required: false, minimum: "-9223372036854775808" },
    { name: "wait", type: "duration", help: "", required: false, default: "-5" },
    { name: "cache", type: "size", help: "", required: false, default: "0" },
    { name: "fast", type: "boolean", help: "", required: false, default: false },
    { name: "text", type: "string", help: "", required: false, default: 'any\n"text"\u202e' },
    { name: "address", type: "ipv4", help: "", required: false, default: "255.0.10.199" },
    { name: "network", type: "cidr", help: "", required: false, default: "10.0.0.1/24" },
    { name: "password", type: "secret", help: "", required: true },
    {
      name: "level",
      type: "enumeration",
      help: "",
      required: false,
      values: ["info", "debug"],
      default: "debug",
    },
  ],
};

test.each([
  ["small", MANIFEST],
  ["rich", RICH],
])("a %s manifest is read back as it was written", (_, manifest) => {
  expect(parseManifest(encodeManifest(manifest))).toEqual(manifest);
});

test("the bytes do not depend on the order in which fields were written down", () => {
  const reversed = Object.fromEntries(Object.entries(RICH).reverse()) as unknown as Manifest;
  expect(encodeManifest(reversed)).toEqual(encodeManifest(RICH));
});

test("a manifest that the verifier would refuse cannot be written", () => {
  expect(() => encodeManifest({ ...MANIFEST, name: "Not A Name" })).toThrow(
    expect.objectContaining({ code: "manifest-text" }),
  );
});

test.each([
  ["an empty list", [], "manifest-length"],
  ["no order", [service(80), service(53)], "manifest-order"],
  ["an order of texts", [service(100), service(9)], "manifest-order"],
  ["one twice", [service(80), { ...service(80), scheme: "http" }], "manifest-duplicate"],
  ["port 0", [service(0)], "manifest-range"],
  ["port 65536", [service(65_536)], "manifest-range"],
  ["another protocol", [{ port: 1, protocol: "sctp" }], "manifest-choice"],
  ["an empty scheme", [{ ...service(80), scheme: "" }], "manifest-text"],
  ["a scheme with a colon", [{ ...service(80), scheme: "http:" }], "manifest-text"],
  ["a field too many", [{ ...service(80), name: "web" }], "manifest-unknown-field"],
])("services with %s are refused", (_, services, code) => {
  const device = { name: "net", type: "net", offloads: 0, services };
  expect(() => encodeManifest({ ...MANIFEST, devices: [device] } as unknown as Manifest)).toThrow(
    expect.objectContaining({ code }),
  );
});

test.each([
  ["an empty list", [], "manifest-length"],
  ["no order", [data("b"), data("a")], "manifest-order"],
  ["one twice", [data("a"), data("a")], "manifest-duplicate"],
  ["a name that is none", [data("a-b")], "manifest-text"],
  ["too many names", [data("a.b.c")], "manifest-text"],
  ["a digest of another kind", [{ ...data("a"), digest: "md5:00" }], "manifest-text"],
  ["fewer than no bytes", [{ ...data("a"), bytes: -1 }], "manifest-range"],
  ["a field too many", [{ ...data("a"), address: 0 }], "manifest-unknown-field"],
])("data with %s are refused", (_, entries, code) => {
  expect(() => encodeManifest({ ...MANIFEST, data: entries })).toThrow(
    expect.objectContaining({ code }),
  );
});

test("data of devices", () => {
  const manifest = { ...MANIFEST, data: [data("pages"), data("site.index")] };
  expect(parseManifest(encodeManifest(manifest)).data).toEqual(manifest.data);
});

function data(name: string): { name: string; bytes: number; digest: string } {
  return { name, bytes: 5, digest: `sha256:${"0".repeat(64)}` };
}

function service(port: number): { port: number; protocol: "tcp" } {
  return { port, protocol: "tcp" };
}

test("what is parsed holds no object of the input", () => {
  const manifest = parseManifest(encodeManifest(RICH));
  expect(Object.getPrototypeOf(manifest.toolchain)).toBe(Object.prototype);
  expect(Object.keys(manifest).sort()).toEqual(Object.keys(MANIFEST).sort());
});

test("decimal text of 64-bit numbers has one spelling", () => {
  fc.assert(
    fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (value) => {
      expect(parseDecimal64(String(value))).toBe(value);
    }),
  );
  for (const text of ["", "+1", "-", "01", "-0", "1.0", "1e3", " 1", "0x1", "9223372036854775808"])
    expect(parseDecimal64(text)).toBeNull();
});
