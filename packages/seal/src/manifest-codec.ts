/** Bytes of the section `manifest` to a Manifest, and back. */
import { ABI_VERSION, HYPERCALLS, NetFeature } from "@phantasm/abi";
import { encodeCanonical, nestingDepth, type JsonValue } from "./canonical.js";
import { SealError } from "./error.js";
import {
  ARGUMENTS_MAX,
  DEVICES_MAX,
  MANIFEST_DEPTH_MAX,
  MEMORY_PAGES_MAX,
  MODULES_MAX,
  MODULE_NAME_CHARACTERS_MAX,
  DATA_MAX,
  DATA_NAME_CHARACTERS_MAX,
  PAGE_BYTES,
  SCHEME_CHARACTERS_MAX,
  SERVICES_MAX,
  TOOLS_MAX,
  VERSION_CHARACTERS_MAX,
} from "./limits.js";
import { parseArgument } from "./manifest-arguments.js";
import {
  MANIFEST_BYTES_MAX,
  NAME_PATTERN,
  type Manifest,
  type ManifestData,
  type ManifestDevice,
  type ManifestModule,
  type PlainCapability,
  type Service,
} from "./manifest.js";
import { decodeUtf8 } from "./reader.js";
import { Field, requireSorted, requireUnique } from "./schema.js";

/** Name of the section, second in an image. */
export const MANIFEST_SECTION = "manifest";

const NAME_CHARACTERS_MAX = 63;
const OBSERVATION_ALIGNMENT = 8;
const PORT_MAX = 65_535;
/** RFC 3986 §3.1, in lower case. */
const SCHEME = /^[a-z][a-z0-9+.-]*$/;
const U32_MAX = 0xffff_ffff;
const DIGEST_CHARACTERS = 71;

/** npm package names as the registry accepts them, scoped or not. */
const MODULE_NAME = /^(?:@[a-z0-9~-][a-z0-9._~-]*\/)?[a-z0-9~-][a-z0-9._~-]*$/;
const VERSION = /^[0-9A-Za-z][0-9A-Za-z.+-]*$/;
/** Identifiers, as the configuration has them. */
const DATA_NAME = /^[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)?$/;
/** `sha256:` and 64 lower-case hex digits. */
export const DIGEST_PATTERN = /^sha256:[0-9a-f]{64}$/;

const OFFLOADS_ALL = Object.values(NetFeature).reduce((all, bit) => all | bit, 0);

const PLAIN_CAPABILITIES: readonly PlainCapability[] = [
  ...new Set(HYPERCALLS.map(({ capability }) => capability)),
].filter((capability) => capability !== null && capability !== "net" && capability !== "block");

const name = (field: Field): string => field.pattern(NAME_PATTERN, NAME_CHARACTERS_MAX, "a name");

const moduleName = (field: Field): string =>
  field.pattern(MODULE_NAME, MODULE_NAME_CHARACTERS_MAX, "a package name");

const version = (field: Field): string =>
  field.pattern(VERSION, VERSION_CHARACTERS_MAX, "a version");

function parseCapabilities(field: Field): PlainCapability[] {
  const capabilities = field
    .list(PLAIN_CAPABILITIES.length)
    .map((item) => item.choice(PLAIN_CAPABILITIES));
  requireUnique(field, capabilities, "a capability");
  requireSorted(field, capabilities);
  return capabilities;
}

function parseDevice(field: Field): ManifestDevice {
  const type = field.peek("type").choice(["block", "net"]);
  if (type === "block") return { name: name(field.record(["name", "type"]).name), type };
  const fields = field.record(["name", "offloads", "type"], ["services"]);
  const offloads = fields.offloads.integer(0, OFFLOADS_ALL);
  const services = fields.services && parseServices(fields.services);
  return { name: name(fields.name), type, offloads, ...(services && { services }) };
}

/** At least one: a device without services has no field, so that there is one spelling for it. */
function parseServices(field: Field): Service[] {
  const services = field.list(SERVICES_MAX, 1).map(parseService);
  // Of equal width, so that the order of texts is that of numbers.
  const keys = services.map(({ port, protocol }) => `${String(port).padStart(5, "0")}/${protocol}`);
  requireSorted(field, keys);
  requireUnique(field, keys, "a service");
  return services;
}

function parseService(field: Field): Service {
  const fields = field.record(["port", "protocol"], ["scheme"]);
  const scheme = fields.scheme?.pattern(SCHEME, SCHEME_CHARACTERS_MAX, "the scheme of a URL");
  return {
    port: fields.port.integer(1, PORT_MAX),
    protocol: fields.protocol.choice(["tcp", "udp"]),
    ...(scheme !== undefined && { scheme }),
  };
}

function parseMemory(field: Field): Manifest["memory"] {
  const fields = field.record(["maximum", "minimum"]);
  const minimum = fields.minimum.integer(1, MEMORY_PAGES_MAX);
  const maximum = fields.maximum.integer(1, MEMORY_PAGES_MAX);
  if (minimum > maximum)
    field.fail(
      "manifest-bounds",
      `has minimum ${String(minimum)} above maximum ${String(maximum)}`,
    );
  return { minimum, maximum };
}

function parseObservation(field: Field, memoryBytes: number): Manifest["observation"] {
  const fields = field.record(["address", "bytes", "version"]);
  const address = fields.address.integer(0, U32_MAX);
  const bytes = fields.bytes.integer(0, U32_MAX);
  if (address % OBSERVATION_ALIGNMENT !== 0 || bytes % OBSERVATION_ALIGNMENT !== 0)
    field.fail(
      "manifest-observation",
      `has address ${String(address)} and ${String(bytes)} bytes, multiples of 8 are needed`,
    );
  if (address + bytes > memoryBytes)
    field.fail(
      "manifest-observation",
      `ends at ${String(address + bytes)}, the initial memory has ${String(memoryBytes)} bytes`,
    );
  return { address, bytes, version: fields.version.integer(0, U32_MAX) };
}

function parseModule(field: Field): ManifestModule {
  const fields = field.record(["bytes", "digest", "name", "version"]);
  return {
    name: moduleName(fields.name),
    version: version(fields.version),
    digest: fields.digest.pattern(DIGEST_PATTERN, DIGEST_CHARACTERS, "sha256: and 64 hex digits"),
    bytes: fields.bytes.integer(0, U32_MAX),
  };
}

function parseModules(field: Field): ManifestModule[] {
  const modules = field.list(MODULES_MAX).map(parseModule);
  requireSorted(
    field,
    modules.map((module) => module.name),
  );
  // Two versions of one package may be linked; the same one twice may not.
  requireUnique(
    field,
    modules.map((module) => `${module.name}@${module.version}`),
    "a module",
  );
  return modules;
}

/** At least one: an image without data has no field, so that there is one spelling for it. */
function parseData(field: Field): ManifestData[] {
  const data = field.list(DATA_MAX, 1).map((item) => {
    const fields = item.record(["bytes", "digest", "name"]);
    return {
      name: fields.name.pattern(DATA_NAME, DATA_NAME_CHARACTERS_MAX, "a name of data"),
      bytes: fields.bytes.integer(0, U32_MAX),
      digest: fields.digest.pattern(DIGEST_PATTERN, DIGEST_CHARACTERS, "sha256: and 64 hex digits"),
    };
  });
  const names = data.map((item) => item.name);
  requireSorted(field, names);
  requireUnique(field, names, "data");
  return data;
}

function parseToolchain(field: Field): Record<string, string> {
  const tools = field.entries();
  if (tools.size > TOOLS_MAX)
    field.fail("manifest-length", `names more than ${String(TOOLS_MAX)} tools`);
  const toolchain: Record<string, string> = {};
  for (const [tool, value] of tools) {
    // Object.fromEntries and assignment agree on every name that passes: "__proto__" does not.
    if (tool.length > MODULE_NAME_CHARACTERS_MAX || !MODULE_NAME.test(tool))
      field.fail("manifest-text", "names a tool that is not a package name");
    toolchain[tool] = version(value);
  }
  return toolchain;
}

const FIELDS = [
  "abi",
  "arguments",
  "capabilities",
  "devices",
  "memory",
  "modules",
  "name",
  "observation",
  "toolchain",
] as const;

function parseValue(value: JsonValue): Manifest {
  const field = new Field(value, "");
  // First of all: a manifest for another version may have fields that are unknown here.
  const abi = field.peek("abi").integer(0, U32_MAX);
  if (abi !== ABI_VERSION)
    field.fail(
      "manifest-abi",
      `names ABI version ${String(abi)}, this host runs version ${String(ABI_VERSION)}`,
    );
  const fields = field.record(FIELDS, ["data"]);
  const memory = parseMemory(fields.memory);
  const devices = fields.devices.list(DEVICES_MAX).map(parseDevice);
  requireUnique(
    fields.devices,
    devices.map((device) => device.name),
    "a device name",
  );
  const parsedArguments = fields.arguments.list(ARGUMENTS_MAX).map(parseArgument);
  requireUnique(
    fields.arguments,
    parsedArguments.map((argument) => argument.name),
    "an argument name",
  );
  return {
    abi,
    name: name(fields.name),
    capabilities: parseCapabilities(fields.capabilities),
    devices,
    arguments: parsedArguments,
    memory,
    observation: parseObservation(fields.observation, memory.minimum * PAGE_BYTES),
    modules: parseModules(fields.modules),
    ...(fields.data && { data: parseData(fields.data) }),
    toolchain: parseToolchain(fields.toolchain),
  };
}

/**
 * Reads a manifest from hostile bytes. What it returns is freshly built and holds nothing that the
 * schema does not name.
 *
 * @throws SealError with a `manifest-…` code
 */
export function parseManifest(bytes: Uint8Array): Manifest {
  if (bytes.length > MANIFEST_BYTES_MAX)
    throw new SealError(
      "manifest-size",
      `the manifest has ${String(bytes.length)} bytes, at most ${String(MANIFEST_BYTES_MAX)} are allowed`,
    );
  const text = decodeUtf8(bytes);
  if (text === null) throw new SealError("manifest-utf8", "the manifest is not UTF-8");
  if (nestingDepth(text) > MANIFEST_DEPTH_MAX)
    throw new SealError(
      "manifest-depth",
      `the manifest is nested more than ${String(MANIFEST_DEPTH_MAX)} deep`,
    );
  let value: JsonValue;
  try {
    value = JSON.parse(text) as JsonValue;
  } catch {
    throw new SealError("manifest-json", "the manifest is not JSON");
  }
  if (value === null || typeof value !== "object" || Array.isArray(value))
    throw new SealError("manifest-json", "the manifest is not a JSON object");
  // Also finds duplicate fields, of which JSON.parse keeps the last, and escapes.
  if (encodeCanonical(value) !== text)
    throw new SealError("manifest-canonical", "the manifest is not in canonical form (RFC 8785)");
  return parseValue(value);
}

/**
 * Writes a manifest in canonical form, and reads it back: what this returns, the verifier accepts.
 *
 * @throws SealError with a `manifest-…` code
 */
export function encodeManifest(manifest: Manifest): Uint8Array {
  const bytes = new TextEncoder().encode(encodeCanonical(manifest as unknown as JsonValue));
  parseManifest(bytes);
  return bytes;
}
