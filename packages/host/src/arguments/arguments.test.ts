import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import type { ManifestArgument } from "@phantasm/seal";
import { afterAll, describe, expect, test } from "vitest";
import { manifest } from "../../test/images.js";
import {
  argumentsFromRecord,
  argumentsHelp,
  ArgumentsError,
  encodeArguments,
  parseArguments,
  Secret,
} from "./index.js";
import { editDistance, nearest } from "./suggest.js";

const base = { help: "", required: false };
const directory = mkdtempSync(join(tmpdir(), "phantasm-arguments-"));
afterAll(() => rmSync(directory, { recursive: true }));

const ALL: ManifestArgument[] = [
  { ...base, name: "port", type: "integer", default: "80", minimum: "1", maximum: "65535" },
  { ...base, name: "wait", type: "duration" },
  { ...base, name: "cache", type: "size", default: "65536" },
  { ...base, name: "verbose", type: "boolean", default: false },
  { ...base, name: "title", type: "string" },
  { ...base, name: "address", type: "ipv4" },
  { ...base, name: "network", type: "cidr" },
  { ...base, name: "mode", type: "enumeration", values: ["fast", "safe"], default: "safe" },
  { ...base, name: "key", type: "secret" },
];

function parse(...words: string[]): Record<string, unknown> {
  return Object.fromEntries(parseArguments(manifest({ arguments: ALL }), words));
}

function problems(words: string[], declared = ALL): readonly string[] {
  try {
    parseArguments(manifest({ arguments: declared }), words);
  } catch (error) {
    if (error instanceof ArgumentsError) return error.problems;
    throw error;
  }
  return [];
}

const DEFAULTS = { port: 80n, cache: 65536n, verbose: false, mode: "safe" };

describe("words", () => {
  test("defaults, and nothing for optional ones without", () => {
    expect(parse()).toEqual(DEFAULTS);
  });

  test.each([
    [["--port=8080"], { port: 8080n }],
    [["--port", "8080"], { port: 8080n }],
    [["--verbose"], { verbose: true }],
    [["--no-verbose"], { verbose: false }],
    [["--verbose=true"], { verbose: true }],
    [["--wait=1500ms"], { wait: 1_500_000_000n }],
    [["--wait=2s"], { wait: 2_000_000_000n }],
    [["--wait=1h30m"], { wait: 5_400_000_000_000n }],
    [["--wait=250us"], { wait: 250_000n }],
    [["--wait=10ns"], { wait: 10n }],
    [["--wait=0"], { wait: 0n }],
    [["--cache=512"], { cache: 512n }],
    [["--cache=64K"], { cache: 65_536n }],
    [["--cache=64KiB"], { cache: 65_536n }],
    [["--cache=16M"], { cache: 16_777_216n }],
    [["--cache=1G"], { cache: 1_073_741_824n }],
    [["--title", "a b"], { title: "a b" }],
    [["--title="], { title: "" }],
    [["--address=10.0.0.255"], { address: Uint8Array.of(10, 0, 0, 255) }],
    [["--network=10.1.2.3/24"], { network: Uint8Array.of(10, 1, 2, 3, 24) }],
    [["--mode=fast"], { mode: "fast" }],
  ])("%j", (words, expected) => {
    expect(parse(...words)).toEqual({ ...DEFAULTS, ...expected });
  });

  test.each([
    [["--port=x"], '--port: "x" expected a whole number'],
    [["--port=0"], '--port: "0" must be at least 1'],
    [["--port=65536"], '--port: "65536" must be at most 65535'],
    [["--wait=5"], '--wait: "5" expected a duration such as 1500ms, 2s, 5m or 1h30m'],
    [["--wait=9999999999h"], '--wait: "9999999999h" does not fit into 64 bits'],
    [["--cache=1KB"], '--cache: "1KB" expected a size in bytes such as 512, 64K or 16M'],
    [["--address=10.0.0.256"], '--address: "10.0.0.256" expected an IPv4 address such as 10.0.0.1'],
    [["--address=010.0.0.1"], '--address: "010.0.0.1" expected an IPv4 address such as 10.0.0.1'],
    [
      ["--network=10.0.0.1/33"],
      '--network: "10.0.0.1/33" expected an address and prefix such as 10.0.0.1/24',
    ],
    [["--mode=slow"], '--mode: "slow" expected one of fast, safe'],
    [["--verbose=yes"], '--verbose: "yes" expected true or false'],
    [["--no-verbose=true"], "--no-verbose takes no value"],
    [["--port=1", "--port=2"], "--port is given twice"],
    [["--prot", "81"], 'unknown argument "--prot"; did you mean --port?'],
    [["--no-port"], 'unknown argument "--no-port"; did you mean --port?'],
    [["--zzzzzzzz"], 'unknown argument "--zzzzzzzz"'],
    [["80"], '"80" is not an argument: they look like --name=value'],
    [["--title"], "--title needs a value: --title=TEXT"],
    [["--title=\u001b[31m", "--port=\u001b"], '--port: "\\x1b" expected a whole number'],
  ])("%j is refused", (words, message) => {
    expect(problems(words)).toEqual([message]);
  });

  test("every problem at once, missing ones together", () => {
    const declared: ManifestArgument[] = [
      { ...base, name: "a", type: "string", required: true },
      { ...base, name: "b", type: "integer", required: true },
      { ...base, name: "c", type: "integer" },
    ];
    expect(problems(["--c=x"], declared)).toEqual([
      '--c: "x" expected a whole number',
      "missing: --a=TEXT --b=INTEGER",
    ]);
  });

  test("a name that is also a property of every object is just unknown", () => {
    expect(problems(["--__proto__=1"])).toEqual(['unknown argument "--__proto__"']);
    expect(problems(["--constructor=1"])).toEqual(['unknown argument "--constructor"']);
  });
});

describe("secrets", () => {
  test("come from a file, a descriptor or the word itself, without the last line end", () => {
    const path = join(directory, "key");
    writeFileSync(path, "hush\n");
    const secret = parse(`--key=@${path}`)["key"];
    expect(secret instanceof Secret && secret.reveal()).toBe("hush");
    const literal = parse("--key=word")["key"];
    expect(literal instanceof Secret && literal.reveal()).toBe("word");
  });

  test("are never shown", () => {
    const secret = new Secret("hush");
    expect([String(secret), JSON.stringify({ secret }), inspect(secret)].join()).not.toContain(
      "hush",
    );
    const path = join(directory, "no-such-file");
    expect(problems([`--key=@${path}`])[0]).toMatch(/^--key: cannot be read from .*ENOENT/);
    expect(problems(["--key=fd:999999"])[0]).toMatch(/^--key: cannot be read from descriptor/);
  });
});

test("a program gives values; numbers are ns and bytes", () => {
  const declared = manifest({ arguments: ALL });
  const values = argumentsFromRecord(declared, { port: 81, wait: 5n, cache: 4096, verbose: true });
  expect(Object.fromEntries(values)).toEqual({
    ...DEFAULTS,
    port: 81n,
    wait: 5n,
    cache: 4096n,
    verbose: true,
  });
  expect(() => argumentsFromRecord(declared, { nope: 1 })).toThrow(ArgumentsError);
});

test("the encoding is that of the specification", () => {
  const declared = manifest({ arguments: ALL });
  const words = ["--port=-0", "--title=é", "--address=1.2.3.4", "--network=1.2.3.4/8", "--key=k"];
  expect(problems(words)).toEqual(['--port: "-0" must be at least 1']);
  words[0] = "--port=258";
  const bytes = encodeArguments(declared, parseArguments(declared, words));
  expect([...bytes]).toEqual([
    ...[1, 2, 1, 0, 0, 0, 0, 0, 0],
    0,
    ...[1, 0, 0, 1, 0, 0, 0, 0, 0],
    ...[1, 0],
    ...[1, 2, 0, 0, 0, 0xc3, 0xa9],
    ...[1, 1, 2, 3, 4],
    ...[1, 1, 2, 3, 4, 8],
    ...[1, 4, 0, 0, 0, 0x73, 0x61, 0x66, 0x65],
    ...[1, 1, 0, 0, 0, 0x6b],
  ]);
});

test("arguments that are too long together are refused", () => {
  const declared = manifest({ arguments: ALL });
  const values = parseArguments(declared, [`--title=${"x".repeat(65_536)}`]);
  expect(() => encodeArguments(declared, values)).toThrow(/at most 65536 fit/);
});

test("help is a page", () => {
  const declared: ManifestArgument[] = [
    { ...ALL[0]!, help: "TCP port" },
    { ...base, name: "wait", type: "duration", default: "1500000000", help: "Pause" },
    { ...base, name: "verbose", type: "boolean", default: true, help: "Say \u001b[2Jmore" },
    { ...base, name: "key", type: "secret", required: true, help: "Key" },
  ];
  expect(argumentsHelp(manifest({ arguments: declared }))).toBe(
    `Arguments of test:
  --port=INTEGER   TCP port (default 80, at least 1, at most 65535)
  --wait=DURATION  Pause (default 1500ms)
  --[no-]verbose   Say \\x1b[2Jmore (default true)
  --key=@FILE      Key (required, read from a file or @fd:N, never printed)
`,
  );
  expect(argumentsHelp(manifest())).toBe("test takes no arguments.\n");
});

test("the nearest name", () => {
  expect(editDistance("kitten", "sitting")).toBe(3);
  expect(editDistance("prot", "port")).toBe(1);
  expect(nearest("verbos", ["port", "verbose"])).toBe("verbose");
  expect(nearest("x", ["port"])).toBeNull();
});

test("values of an enumeration are the author's text: what cannot be seen is escaped", () => {
  const hidden = { ...base, name: "x", type: "enumeration", values: ["a\u200bb"] } as const;
  expect(problems(["--x=no"], [hidden])).toEqual(['--x: "no" expected one of a\\u{200b}b']);
  expect(problems(["--x"], [hidden])).toEqual(["--x needs a value: --x=a\\u{200b}b"]);
  expect(argumentsHelp(manifest({ arguments: [hidden] }))).toContain("--x=a\\u{200b}b");
});
