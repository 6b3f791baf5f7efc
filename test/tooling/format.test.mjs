import { format, resolveConfig } from "prettier";
import { expect, test } from "vitest";

const assembly = new URL("../../packages/abi/assembly/sample.ts", import.meta.url).pathname;
const host = new URL("../../packages/abi/src/sample.ts", import.meta.url).pathname;
const formatAs = async (filepath, text) =>
  format(text, { ...(await resolveConfig(filepath)), filepath });

const SAMPLE = `import { Errno } from "./index";

// Kept above.

@inline
function low<T>(x: T): u8 {
  return <u8>x; // Kept beside.
}

@unmanaged
export class Header {
  length: u16;

  @operator("==")
  static same(a: Header, b: Header): bool {
    return a.length == b.length;
  }
}

// @ts-ignore: decorator
@external("phantasm", "exit")
export declare function exit(status: i32): void;

// @ts-ignore: decorator
@lazy const TABLE: usize = memory.data<u8>([1, 2, 3]);

export function pick(x: i32): i32 {
  if (isManaged<Header>()) return Errno.AGAIN;
  return ASC_OPTIMIZE_LEVEL > 2 ? x : -x;
}
`;

test("AssemblyScript keeps decorators where TypeScript forbids them", async () => {
  const once = await formatAs(assembly, SAMPLE);
  expect(await formatAs(assembly, once)).toBe(once);
  expect(once.replaceAll(/\s+/g, " ")).toBe(SAMPLE.replaceAll(/\s+/g, " "));
});

test("other TypeScript is formatted as TypeScript", async () => {
  expect(await formatAs(host, "const a = <const>'x'")).toBe('const a = <const>"x";\n');
  await expect(formatAs(host, "@inline function f(): void {}")).rejects.toThrow(/[Dd]ecorator/);
});
