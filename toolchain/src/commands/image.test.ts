/** verify, sign and inspect on an image made by hand: the whole text, sizes and digests made equal. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { encodeNames, verifyImage } from "@phantasm/seal";
import { afterAll, beforeAll, expect, test } from "vitest";
import { image, MANIFEST } from "../../../packages/seal/test/images.js";
import type { InspectedImage } from "./inspect.js";
import { transcript, type Transcript } from "./memory-terminal.js";

const REFUSED = 104;

let folder = "";
let plain = "";
let digest = "";

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "phantasm-image-"));
  plain = write("plain.wasm", image());
  ({ digest } = verifyImage(image()));
  await transcript("keygen", "-o", join(folder, "alice"));
  await transcript("keygen", "-o", join(folder, "mallory"));
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

function write(name: string, bytes: Uint8Array | string): string {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}

function normal(text: string): string {
  return text
    .replaceAll(folder, "DIR")
    .replaceAll(readFileSync(join(folder, "alice.pub"), "utf8").trim(), "ALICE")
    .replaceAll(readFileSync(join(folder, "mallory.pub"), "utf8").trim(), "MALLORY")
    .replace(/sha256:[0-9a-f]{64}/g, "DIGEST");
}

async function run(...args: readonly string[]): Promise<Transcript> {
  const { status, out, err } = await transcript(...args);
  return { status, out: normal(out), err: normal(err) };
}

test("verify says what was checked and what was not", async () => {
  expect(await run("verify", plain)).toEqual({
    status: 0,
    out: `DIR/plain.wasm is intact.
  checked      form, content and seal: nothing was changed since it was sealed
  checked      code and imports are what the manifest declares
  not checked  who made it: ask for a key (--key PUB) or this very image (--digest DIGEST)
  not checked  the list of modules and versions: it is the author's claim
`,
    err: "\nBoot it:  phantasm run DIR/plain.wasm\n",
  });
  expect((await run("verify", plain, "--digest", digest)).out).toBe(`DIR/plain.wasm is intact.
  checked      form, content and seal: nothing was changed since it was sealed
  checked      code and imports are what the manifest declares
  checked      it is the image with that digest
  not checked  the list of modules and versions: it is the author's claim
`);
});

test("sign in place, verify with the right key and with a wrong one", async () => {
  const path = write("signed.wasm", image());
  expect(await run("sign", path, "--key", join(folder, "alice.key"))).toEqual({
    status: 0,
    out: "  image   DIR/signed.wasm\n  key     ALICE\n  digest  DIGEST\n",
    err: "\nCheck it:  phantasm verify DIR/signed.wasm --key DIR/alice.pub\n",
  });
  expect(verifyImage(readFileSync(path)).digest).toBe(digest);
  expect(await run("verify", path, "--key", join(folder, "alice.pub"))).toEqual({
    status: 0,
    out: `DIR/signed.wasm is intact.
  checked      form, content and seal: nothing was changed since it was sealed
  checked      code and imports are what the manifest declares
  checked      signed by ALICE
  not checked  the list of modules and versions: it is the author's claim
`,
    err: "\nBoot it:  phantasm run DIR/signed.wasm\n",
  });
  expect(await run("verify", path, "--key", join(folder, "mallory.pub"))).toEqual({
    status: REFUSED,
    out: "",
    err: "phantasm: DIR/signed.wasm is refused: MALLORY has not signed this image; signed by ALICE [signature-untrusted]\n",
  });
  // A second signature joins the first; without a key, whose they are is not judged.
  await run("sign", path, "--key", join(folder, "mallory.key"));
  expect((await run("verify", path, "--key", join(folder, "alice.pub"))).out).toContain(
    "  not checked  whether to trust MALLORY, which has signed as well\n",
  );
});

test("the text of a key is as good as its file", async () => {
  const text = readFileSync(join(folder, "alice.pub"), "utf8").trim();
  expect((await run("verify", plain, "--key", text)).err).toBe(
    "phantasm: DIR/plain.wasm is refused: ALICE has not signed this image; it is not signed [signature-untrusted]\n",
  );
});

test("a detached signature leaves the image as it was", async () => {
  const path = write("detached.wasm", image());
  expect(await run("sign", path, "--key", join(folder, "alice.key"), "--detached")).toEqual({
    status: 0,
    out: "  signature  DIR/detached.wasm.sig\n  key        ALICE\n  digest     DIGEST\n",
    err: "\nCheck it:  phantasm verify DIR/detached.wasm --key DIR/alice.pub --signature DIR/detached.wasm.sig\n",
  });
  expect(new Uint8Array(readFileSync(path))).toEqual(image());
  const key = ["--key", join(folder, "alice.pub")];
  expect((await run("verify", path, ...key)).status).toBe(REFUSED);
  expect((await run("verify", path, ...key, "--signature", `${path}.sig`)).status).toBe(0);
  expect(await run("verify", path, "--signature", plain)).toMatchObject({
    status: REFUSED,
    err: expect.stringMatching(
      /^phantasm: DIR\/detached\.wasm is refused: the detached signature: /,
    ) as string,
  });
});

test("-o signs a copy", async () => {
  const copy = join(folder, "copy.wasm");
  await run("sign", plain, "--key", join(folder, "alice.key"), "-o", copy);
  expect(new Uint8Array(readFileSync(plain))).toEqual(image());
  expect(verifyImage(readFileSync(copy)).signers).toHaveLength(1);
});

test("keys that are none", async () => {
  expect((await run("sign", plain, "--key", join(folder, "alice.pub"))).err).toBe(
    "phantasm: DIR/alice.pub: this is a public key, a private one is needed to sign\n",
  );
  expect((await run("verify", plain, "--key", join(folder, "alice.key"))).err).toBe(
    "phantasm: DIR/alice.key: this is a private key, a public one is needed: never pass a private key on\n",
  );
  expect(await run("sign", plain, "--key", join(folder, "nobody.key"))).toEqual({
    status: 1,
    out: "",
    err: "phantasm: DIR/nobody.key: no such file or directory\n  Make a key: phantasm keygen\n",
  });
  expect((await run("verify", plain, "--key", plain)).err).toMatch(
    /^phantasm: DIR\/plain\.wasm: this is not a public key: /,
  );
});

/** What is wrong with the file, and what every command that takes an image says about it. */
const BAD_IMAGES = [
  [
    "empty.wasm",
    () => write("empty.wasm", ""),
    REFUSED,
    "phantasm: DIR/empty.wasm is refused: this is not a WebAssembly module of version 1 (at byte 0) [header]\n  Only images that phantasm build has made can be used.\n",
  ],
  [
    "text.wasm",
    () => write("text.wasm", "\u001b[2J hello"),
    REFUSED,
    "phantasm: DIR/text.wasm is refused: this is not a WebAssembly module of version 1 (at byte 0) [header]\n  Only images that phantasm build has made can be used.\n",
  ],
  [
    "module.wasm",
    () => write("module.wasm", Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0)),
    REFUSED,
    "phantasm: DIR/module.wasm is refused: the first section is not `signature`: this module is not sealed (at byte 8) [signature-missing]\n  Only images that phantasm build has made can be used.\n",
  ],
  [
    "changed.wasm",
    () =>
      write(
        "changed.wasm",
        image().map((byte, at, all) => (at === all.length - 1 ? byte ^ 1 : byte)),
      ),
    REFUSED,
    "phantasm: DIR/changed.wasm is refused: the bytes of the image were changed: their hash is not the one in the signature section [content-hash]\n",
  ],
  [
    "absent.wasm",
    () => join(folder, "absent.wasm"),
    1,
    "phantasm: DIR/absent.wasm: no such file or directory\n  Name an image, or a folder with a phantasm.config.ts. Make one: phantasm new hello my-app\n",
  ],
  [
    "loop.wasm",
    () => {
      const path = join(folder, "loop.wasm");
      rmSync(path, { force: true });
      symlinkSync("loop.wasm", path);
      return path;
    },
    1,
    "phantasm: DIR/loop.wasm: too many symbolic links\n",
  ],
  [
    "folder",
    () => {
      mkdirSync(join(folder, "folder"), { recursive: true });
      return join(folder, "folder");
    },
    1,
    "phantasm: no phantasm.config.ts in DIR/folder\n  Name a folder that has one, or make one: phantasm new hello my-app\n",
  ],
  ["/dev/null", () => "/dev/null", 1, "phantasm: /dev/null is neither a folder nor a file\n"],
] as const;

test.each(BAD_IMAGES)("%s is refused by verify, inspect and sign", async (_, make, status, err) => {
  const path = make();
  const expected = { status, out: "", err };
  expect(await run("verify", path)).toEqual(expected);
  expect(await run("inspect", path)).toEqual(expected);
  expect(await run("inspect", path, "--json")).toEqual(expected);
  expect(await run("sign", path, "--key", join(folder, "alice.key"))).toEqual(expected);
});

test("a digest that is not the image's, or none", async () => {
  const other = `sha256:${"0".repeat(64)}`;
  expect(await run("verify", plain, "--digest", other)).toEqual({
    status: REFUSED,
    out: "",
    err: "phantasm: DIR/plain.wasm is refused: the image has digest DIGEST, not DIGEST [digest-mismatch]\n",
  });
  expect((await run("verify", plain, "--digest", "sha256:12")).err).toContain("[digest-format]");
});

test("inspect --json is what programs read", async () => {
  const { status, out, err } = await transcript("inspect", plain, "--json");
  const inspected = JSON.parse(out) as InspectedImage;
  expect({ status, err }).toEqual({ status: 0, err: "" });
  expect(inspected).toEqual({
    manifest: MANIFEST,
    digest,
    bytes: image().length,
    imports: ["exit", "abort", "console_write", "console_read"].map((name) => ({
      module: "phantasm",
      name,
      kind: "function",
    })),
    exports: [
      { name: "memory", kind: "memory" },
      { name: "g0", kind: "global" },
      { name: "g1", kind: "global" },
      { name: "init", kind: "function" },
      { name: "step", kind: "function" },
    ],
    modules: MANIFEST.modules,
  });
  // The engine's own lists have the same form.
  const module = new WebAssembly.Module(Uint8Array.from(image()));
  expect(inspected.imports).toEqual(WebAssembly.Module.imports(module));
  expect(inspected.exports).toEqual(WebAssembly.Module.exports(module));
});

test("inspect as text", async () => {
  const { status, out, err } = await run("inspect", plain);
  expect(status).toBe(0);
  const sizes = out.replace(/ +\d[\d.]* k?B/g, " SIZE").replace(/ +\d[\d.]* % .*/g, " SHARE");
  expect(sizes).toMatchInlineSnapshot(`
    "  image         DIR/plain.wasm
      name          test
      size SIZE
      digest        DIGEST
      seal          intact, not signed
      abi           1
      memory        64K to 128K
      devices       none
      capabilities  console
      arguments     none
      imports       exit, abort, console_write, console_read
      exports       memory, init, step, g0 … g1
      toolchain     assemblyscript 0.28.20, phantasm 0.1.0

    Code by module
      test 1.0.0 SIZE SHARE
      @phantasm/console 0.1.0 SIZE SHARE

    Sections
      manifest SIZE SHARE
      import SIZE SHARE
      signature SIZE SHARE
      export SIZE SHARE
      code SIZE SHARE
      type SIZE SHARE
      global SIZE SHARE
      data SIZE SHARE
      element SIZE SHARE
      header SIZE SHARE
      table SIZE SHARE
      memory SIZE SHARE
      function SIZE SHARE
    "
  `);
  expect(err).toBe(
    "\nBoot it:  phantasm run DIR/plain.wasm\nSee what takes its bytes:  phantasm inspect DIR/plain.wasm --html test.html\n",
  );
});

test("inspect --wat, without names and with the names beside the image", async () => {
  const path = write("named.wasm", image());
  expect((await run("inspect", path, "--wat")).out).toContain(
    '(import "phantasm" "exit" (func $phantasm.exit',
  );
  // Subsection 1 of the name section: function 5 is called `main/greet`.
  const text = [...new TextEncoder().encode("main/greet")];
  const names = Uint8Array.from([1, text.length + 3, 1, 5, text.length, ...text]);
  writeFileSync(`${path}.names`, encodeNames(digest, names));
  expect((await run("inspect", path, "--wat")).out).toContain("(func $main/greet ");
  writeFileSync(`${path}.names`, encodeNames(`sha256:${"0".repeat(64)}`, names));
  expect((await run("inspect", path, "--wat")).out).not.toContain("main/greet");
  writeFileSync(`${path}.names`, "rubbish");
  expect((await run("inspect", path, "--wat")).status).toBe(0);
});

test("inspect --html writes one page that loads nothing", async () => {
  const page = join(folder, "page.html");
  const { status, out, err } = await run("inspect", plain, "--html", page);
  expect({ status, out }).toEqual({ status: 0, out: "" });
  expect(err).toMatch(/^Wrote DIR\/page\.html \([\d.]+ kB\)\. Open it in a browser\.\n$/);
  const html = readFileSync(page, "utf8");
  expect((await transcript("inspect", plain, "--html")).out).toBe(html);
  expect(html).not.toMatch(/<script|https?:|src=|url\(|@import/);
  // Every part of the file is on the map.
  for (const part of ["signature", "manifest", "data", "import"])
    expect(html).toContain(`<b>${part}</b>`);
});

test("the page escapes what the author of an image wrote", async () => {
  const evil = '<script>alert(1)</script>"\u202e';
  const text = [...new TextEncoder().encode(evil)];
  const names = Uint8Array.from([1, text.length + 3, 1, 5, text.length, ...text]);
  const path = write("evil.wasm", image());
  writeFileSync(`${path}.names`, encodeNames(digest, names));
  const { out } = await run("inspect", path, "--html");
  expect(out).toContain("&lt;script&gt;alert(1)&lt;/script&gt;&quot;\\u{202e}");
  expect(out).not.toContain("<script");
  expect(out).not.toContain("\u202e");
});
