/** Breaks the rules about the manifest. */
import { limits, MANIFEST_BYTES_MAX, verifyImage } from "../../src/index.js";
import { encodeCanonical, type JsonValue } from "../../src/canonical.js";
import { MANIFEST, withManifestText } from "../images.js";
import type { BrokenCase } from "./case.js";

type Json = Readonly<Record<string, JsonValue>>;

const good = MANIFEST as unknown as Json;

/** Verifies an image whose manifest differs in these fields; `undefined` takes a field away. */
function withFields(fields: Readonly<Record<string, JsonValue | undefined>>): () => unknown {
  const merged = Object.entries({ ...good, ...fields }).filter(([, value]) => value !== undefined);
  return withText(encodeCanonical(Object.fromEntries(merged) as Json));
}

const withText = (text: string | Uint8Array) => (): unknown => verifyImage(withManifestText(text));

const argument = { name: "a", help: "", required: false };

/** Verifies an image with one argument. */
const withArgument = (fields: Json): (() => unknown) =>
  withFields({ arguments: [{ ...argument, ...fields }] });

const canonical = encodeCanonical(good);

const DEVICE = { name: "disk", type: "block" };
const MODULE = { name: "m", version: "1.0.0", digest: `sha256:${"0".repeat(64)}`, bytes: 0 };

export const MANIFEST_CASES: readonly BrokenCase[] = [
  {
    rule: "manifest-size",
    title: "one byte more than a manifest may have",
    attempt: withText(" ".repeat(MANIFEST_BYTES_MAX + 1)),
    message: /the manifest has 65537 bytes, at most 65536/,
  },
  {
    rule: "manifest-utf8",
    title: "bytes that are not UTF-8",
    attempt: withText(Uint8Array.of(0x22, 0xff, 0x22)),
    message: /the manifest is not UTF-8/,
  },
  {
    rule: "manifest-depth",
    title: "ten thousand brackets",
    attempt: withText("[".repeat(10_000)),
    message: /nested more than 8 deep/,
  },
  {
    rule: "manifest-depth",
    title: "brackets behind a text with escaped quotation marks",
    attempt: withText(`["\\"\\\\",${"[".repeat(9)}`),
    message: /nested more than 8 deep/,
  },
  {
    rule: "manifest-json",
    title: "text that is not JSON",
    attempt: withText("{"),
    message: /the manifest is not JSON/,
  },
  {
    rule: "manifest-json",
    title: "a byte order mark",
    attempt: withText(`\ufeff${canonical}`),
    message: /the manifest is not JSON/,
  },
  {
    rule: "manifest-json",
    title: "JSON that is not an object",
    attempt: withText("[]"),
    message: /the manifest is not a JSON object/,
  },
  {
    rule: "manifest-canonical",
    title: "a space",
    attempt: withText(`${canonical} `),
    message: /not in canonical form \(RFC 8785\)/,
  },
  {
    rule: "manifest-canonical",
    title: "a field twice",
    attempt: withText(canonical.replace('"abi":1', '"abi":1,"abi":1')),
    message: /not in canonical form/,
  },
  {
    rule: "manifest-canonical",
    title: "fields out of order",
    attempt: withText(JSON.stringify(MANIFEST)),
    message: /not in canonical form/,
  },
  {
    rule: "manifest-canonical",
    title: "a needless escape",
    attempt: withText(canonical.replace('"test"', '"t\\u0065st"')),
    message: /not in canonical form/,
  },
  {
    rule: "manifest-canonical",
    title: "a number in another spelling",
    attempt: withText(canonical.replace('"abi":1', '"abi":1.0')),
    message: /not in canonical form/,
  },
  {
    rule: "manifest-canonical",
    title: "half of a surrogate pair",
    attempt: withText(canonical.replace('"test"', '"\\ud800"')),
    message: /a text holds half of a surrogate pair/,
  },
  {
    rule: "manifest-canonical",
    title: "a number beyond all numbers",
    attempt: withText(canonical.replace('"abi":1', '"abi":1e999')),
    message: /a number is too large for JSON/,
  },
  {
    rule: "manifest-abi",
    title: "the next ABI version, with a field of its own",
    attempt: withFields({ abi: 2, future: true }),
    message: /the manifest names ABI version 2, this host runs version 1/,
  },
  {
    rule: "manifest-unknown-field",
    title: "a field outside the schema",
    attempt: withFields({ extra: 1 }),
    message: /the manifest has a field "extra"/,
  },
  {
    rule: "manifest-unknown-field",
    title: "a field named __proto__",
    attempt: withText(canonical.replace("{", '{"__proto__":{},')),
    message: /the manifest has a field "__proto__"/,
  },
  {
    rule: "manifest-unknown-field",
    title: "offloads on a block device",
    attempt: withFields({ devices: [{ ...DEVICE, offloads: 0 }] }),
    message: /manifest: devices\[0\] has a field "offloads"/,
  },
  {
    rule: "manifest-unknown-field",
    title: "a secret with a default",
    attempt: withArgument({ type: "secret", default: "hunter2" }),
    message: /manifest: arguments\[0\] has a field "default"/,
  },
  {
    rule: "manifest-unknown-field",
    title: "bounds on a text",
    attempt: withArgument({ type: "string", minimum: "1" }),
    message: /manifest: arguments\[0\] has a field "minimum"/,
  },
  {
    rule: "manifest-missing-field",
    title: "no name",
    attempt: withFields({ name: undefined }),
    message: /the manifest has no field "name"/,
  },
  {
    rule: "manifest-missing-field",
    title: "a device without a type",
    attempt: withFields({ devices: [{ name: "disk" }] }),
    message: /manifest: devices\[0\] has no field "type"/,
  },
  ...(
    [
      ["an array", { devices: {} }, /devices is not an array/],
      ["an object", { memory: [] }, /memory is not an object/],
      ["a number", { memory: { minimum: "1", maximum: 2 } }, /memory\.minimum is not a number/],
      ["a text", { name: 5 }, /name is not a text/],
      [
        "true or false",
        { arguments: [{ ...argument, required: 1, type: "string" }] },
        /arguments\[0\]\.required is not true or false/,
      ],
    ] as const
  ).map(([what, fields, message]) => ({
    rule: "manifest-type" as const,
    title: `something else where ${what} should be`,
    attempt: withFields(fields),
    message,
  })),
  ...(
    [
      ["no memory", { memory: { minimum: 0, maximum: 2 } }, /memory\.minimum is 0, .* from 1/],
      ["too much memory", { memory: { minimum: 1, maximum: 65537 } }, /memory\.maximum is 65537/],
      ["half a page", { memory: { minimum: 1.5, maximum: 2 } }, /memory\.minimum is 1\.5/],
      [
        "an offload nobody knows",
        { devices: [{ name: "n", type: "net", offloads: 16 }] },
        /devices\[0\]\.offloads is 16/,
      ],
      ["negative bytes", { modules: [{ ...MODULE, bytes: -1 }] }, /modules\[0\]\.bytes is -1/],
    ] as const
  ).map(([title, fields, message]) => ({
    rule: "manifest-range" as const,
    title,
    attempt: withFields(fields),
    message,
  })),
  ...(
    [
      ["a name in capitals", { name: "Test" }, /name is "Test", which is not a name/],
      ["a name of 64 characters", { name: "a".repeat(64) }, /name has 64 characters, at most 63/],
      ["a name of none", { name: "" }, /name is "", which is not a name/],
      ["a device name", { devices: [{ ...DEVICE, name: "a/b" }] }, /devices\[0\]\.name is "a\/b"/],
      [
        "a package name",
        { modules: [{ ...MODULE, name: "../x" }] },
        /modules\[0\]\.name is "\.\.\/x", which is not a package name/,
      ],
      ["a version", { modules: [{ ...MODULE, version: "1 0" }] }, /version is "1 0", which is not/],
      ["a digest", { modules: [{ ...MODULE, digest: "sha256:0" }] }, /digest is "sha256:0"/],
      ["a tool", { toolchain: { "a b": "1" } }, /toolchain names a tool/],
      ["a tool version", { toolchain: { asc: "\x1b[0m" } }, /toolchain\.asc is "\\x1b\[0m"/],
      [
        "a help text of two lines",
        { arguments: [{ ...argument, help: "a\nb", type: "string" }] },
        /arguments\[0\]\.help is "a\\nb", which is not one printable line/,
      ],
      [
        "a help text that turns the line around",
        { arguments: [{ ...argument, help: "é\u202e", type: "string" }] },
        /help is "é\\u\{202e\}"/,
      ],
      [
        "a help text of 201 characters",
        { arguments: [{ ...argument, help: "x".repeat(201), type: "string" }] },
        /help has 201 characters, at most 200/,
      ],
      [
        "a number with a leading zero",
        { arguments: [{ ...argument, type: "integer", default: "007" }] },
        /arguments\[0\]\.default is not a signed 64-bit number in plain decimal/,
      ],
      [
        "minus zero",
        { arguments: [{ ...argument, type: "integer", default: "-0" }] },
        /default is not a signed 64-bit number/,
      ],
      [
        "a number of 65 bits",
        { arguments: [{ ...argument, type: "integer", maximum: "9223372036854775808" }] },
        /maximum is not a signed 64-bit number/,
      ],
      [
        "a negative size",
        { arguments: [{ ...argument, type: "size", minimum: "-1" }] },
        /minimum is not a 64-bit number from 0/,
      ],
      [
        "an address with a byte of 256",
        { arguments: [{ ...argument, type: "ipv4", default: "10.0.0.256" }] },
        /default is "10\.0\.0\.256", which is not an IPv4 address/,
      ],
      [
        "an address with a leading zero",
        { arguments: [{ ...argument, type: "ipv4", default: "10.0.0.01" }] },
        /which is not an IPv4 address/,
      ],
      [
        "a prefix of 33",
        { arguments: [{ ...argument, type: "cidr", default: "10.0.0.1/33" }] },
        /which is not an IPv4 address with prefix length/,
      ],
      [
        "an empty value of an enumeration",
        { arguments: [{ ...argument, type: "enumeration", values: [""] }] },
        /arguments\[0\]\.values\[0\] is empty/,
      ],
    ] as const
  ).map(([title, fields, message]) => ({
    rule: "manifest-text" as const,
    title,
    attempt: withFields(fields),
    message,
  })),
  ...(
    [
      ["devices", limits.DEVICES_MAX],
      ["arguments", limits.ARGUMENTS_MAX],
      ["modules", limits.MODULES_MAX],
    ] as const
  ).map(([list, maximum]) => ({
    rule: "manifest-length" as const,
    title: `too many ${list}`,
    attempt: withFields({ [list]: Array<JsonValue>(maximum + 1).fill(0) }),
    message: new RegExp(`${list} has ${String(maximum + 1)} items`),
  })),
  {
    rule: "manifest-length",
    title: "too many tools",
    attempt: withFields({
      toolchain: Object.fromEntries(Array.from({ length: 33 }, (_, at) => [`t${String(at)}`, "1"])),
    }),
    message: /toolchain names more than 32 tools/,
  },
  {
    rule: "manifest-length",
    title: "an enumeration without values",
    attempt: withArgument({ type: "enumeration", values: [] }),
    message: /arguments\[0\]\.values has 0 items, from 1 to 256/,
  },
  {
    rule: "manifest-choice",
    title: "a capability nobody knows",
    attempt: withFields({ capabilities: ["telepathy"] }),
    message: /capabilities\[0\] is "telepathy", one of .*console/,
  },
  {
    rule: "manifest-choice",
    title: "a capability that comes with a device",
    attempt: withFields({ capabilities: ["net"] }),
    message: /capabilities\[0\] is "net"/,
  },
  {
    rule: "manifest-choice",
    title: "a device type nobody knows",
    attempt: withFields({ devices: [{ name: "a", type: "gpu" }] }),
    message: /devices\[0\]\.type is "gpu", one of block, net/,
  },
  {
    rule: "manifest-choice",
    title: "an argument type nobody knows",
    attempt: withArgument({ type: "float" }),
    message: /arguments\[0\]\.type is "float"/,
  },
  {
    rule: "manifest-order",
    title: "capabilities that are not sorted",
    attempt: withFields({ capabilities: ["console", "clock"] }),
    message: /capabilities is not sorted: "clock" comes too late/,
  },
  {
    rule: "manifest-order",
    title: "modules that are not sorted",
    attempt: withFields({
      modules: [
        { ...MODULE, name: "b" },
        { ...MODULE, name: "a" },
      ],
    }),
    message: /modules is not sorted: "a" comes too late/,
  },
  ...(
    [
      ["a capability", { capabilities: ["clock", "clock"] }, /a capability twice: "clock"/],
      [
        "a device name",
        { devices: [DEVICE, { name: "disk", type: "net", offloads: 0 }] },
        /devices has a device name twice: "disk"/,
      ],
      [
        "an argument name",
        {
          arguments: [
            { ...argument, type: "string" },
            { ...argument, type: "secret" },
          ],
        },
        /arguments has an argument name twice: "a"/,
      ],
      ["a module", { modules: [MODULE, MODULE] }, /modules has a module twice: "m@1\.0\.0"/],
      [
        "a value of an enumeration",
        { arguments: [{ ...argument, type: "enumeration", values: ["x", "x"] }] },
        /values has a value twice: "x"/,
      ],
    ] as const
  ).map(([title, fields, message]) => ({
    rule: "manifest-duplicate" as const,
    title: `${title} twice`,
    attempt: withFields(fields),
    message,
  })),
  {
    rule: "manifest-default",
    title: "a required argument with a default",
    attempt: withArgument({ type: "boolean", required: true, default: true }),
    message: /arguments\[0\]\.default must not be there: the argument is required/,
  },
  {
    rule: "manifest-default",
    title: "a default below the minimum",
    attempt: withArgument({ type: "duration", minimum: "10", default: "9" }),
    message: /arguments\[0\] has default 9 outside minimum and maximum/,
  },
  {
    rule: "manifest-default",
    title: "a default above the maximum",
    attempt: withArgument({ type: "integer", maximum: "-10", default: "-9" }),
    message: /arguments\[0\] has default -9 outside minimum and maximum/,
  },
  {
    rule: "manifest-default",
    title: "a default that is not among the values",
    attempt: withArgument({ type: "enumeration", values: ["x", "y"], default: "z" }),
    message: /arguments\[0\]\.default is not one of the values/,
  },
  {
    rule: "manifest-bounds",
    title: "a minimum above its maximum",
    attempt: withArgument({ type: "integer", minimum: "2", maximum: "1" }),
    message: /arguments\[0\] has minimum 2 above maximum 1/,
  },
  {
    rule: "manifest-bounds",
    title: "a memory that shrinks",
    attempt: withFields({ memory: { minimum: 2, maximum: 1 } }),
    message: /memory has minimum 2 above maximum 1/,
  },
  {
    rule: "manifest-observation",
    title: "an observation block that is not aligned",
    attempt: withFields({ observation: { address: 4, bytes: 64, version: 1 } }),
    message: /observation has address 4 and 64 bytes, multiples of 8 are needed/,
  },
  {
    rule: "manifest-observation",
    title: "an observation block beyond the initial memory",
    attempt: withFields({ observation: { address: 65_528, bytes: 16, version: 1 } }),
    message: /observation ends at 65544, the initial memory has 65536 bytes/,
  },
];
