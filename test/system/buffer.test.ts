/** Buffers in images: what only the debug profile carries, and that the others allocate nothing. */
import { Domain, Image, MemoryConsole } from "@phantasm/host";
import { expect, test } from "vitest";
import { build } from "../../toolchain/dist/build.js";
import type { Profile } from "../../toolchain/dist/configuration/unikernel.js";
import { project } from "../support/project.js";

const CONFIGURATION = `import { string, unikernel } from "phantasm";

export default unikernel("buffers", {
  arguments: { mistake: string({ default: "none", help: "what to do wrong" }) },
  memory: { maximum: "256K" },
});
`;

const MAIN = `import { BufferPool, Chain, Slice } from "@phantasm/buffer";
import { Devices } from "./.phantasm/devices";

const pool = new BufferPool("frames", 8, 1524, 10, 8);
const queue = new Chain("queue");
const acknowledged = new Chain("acknowledged");
const bytes = new Uint8Array(16);

/** The slices are linked as the chain counts them. */
function check(chain: Chain, slices: i32, length: i32): void {
  let left = length;
  let slice = chain.first;
  for (let index = 0; index < slices; index++) {
    left -= slice!.length;
    assert(index < slices - 1 || slice === chain.last, "last");
    slice = slice!.next;
  }
  assert(slice === null && left == 0 && chain.count == slices && chain.length == length, "chain");
}

/** Everything that a slice goes through, many times in one step. */
function useAll(times: i32): void {
  for (let time = 0; time < times; time++) {
    const slice = pool.take("user")!;
    slice.reserve(54);
    slice.append(100);
    slice.copyIn(0, bytes, 0, 16);
    slice.setU64be(16, time);
    slice.prepend(20);
    slice.trimFront(20);
    slice.trimEnd(4);
    slice.copyOut(0, bytes, 0, 16);
    const back = slice.split(50)!;
    const share = back.share()!;
    queue.push(slice.move("queue"));
    queue.push(back);
    queue.split(10, acknowledged);
    check(queue, 1, 10);
    check(acknowledged, 2, 86);
    queue.push(acknowledged.shift()!);
    check(queue, 2, 50);
    check(acknowledged, 1, 46);
    acknowledged.concat(queue);
    check(queue, 0, 0);
    check(acknowledged, 3, 96);
    acknowledged.copyOut(46, bytes, 0, 16);
    acknowledged.trimFront(60);
    check(acknowledged, 1, 36);
    acknowledged.release();
    assert(pool.free == 7 && share.length == 46, "shared");
    share.release();
    assert(pool.free == 8 && pool.lowWater == 7 && pool.freeSlices == 8, "pool");
  }
}

function make(mistake: string, slice: Slice): void {
  if (mistake == "second release") {
    slice.release();
    slice.release();
  } else if (mistake == "use after release") {
    slice.release();
    slice.u8(0);
  } else if (mistake == "append after release") {
    slice.release();
    slice.append(1);
  } else if (mistake == "share after release") {
    slice.release();
    slice.share();
  } else if (mistake == "read beyond the end") {
    slice.u32be(13);
  } else if (mistake == "write beyond the end") {
    slice.setU32le(13, 1);
  } else if (mistake == "array too short") {
    slice.copyOut(0, new Uint8Array(15), 0, 16);
  } else if (mistake == "no headroom") {
    slice.prepend(11);
  } else if (mistake == "chain too short") {
    queue.trimFront(1);
  }
}

export function main(os: Devices): void {
  if (os.arguments.mistake == "none") useAll(200_000);
  const slice = pool.take("main")!;
  slice.append(16);
  make(os.arguments.mistake, slice);
}
`;

const FILES = { "phantasm.config.ts": CONFIGURATION, "main.ts": MAIN };

/** Parts of the messages of packages/buffer/assembly. */
const TEXTS = [
  'buffer pool "',
  "access to ",
  "but there is room for ",
  "(others share its bytes)",
  "that others share",
  " has released it",
  "it was handed on",
  " of a free buffer was overwritten with ",
  " was the last to release it",
  "copy of ",
  " of an array of ",
  "; the chain",
  "; the slice",
];

async function imageOf(profile: Profile): Promise<Uint8Array> {
  using made = project(FILES);
  return (await build({ directory: made.directory, profile })).image;
}

async function end(image: Uint8Array, mistake: string): Promise<{ code: number; message: string }> {
  const domain = new Domain(Image.load(image), {
    console: new MemoryConsole({ input: "" }),
    arguments: { mistake },
  });
  domain.start();
  const { status, message } = await domain.exited;
  return { code: status, message };
}

const MISTAKES = [
  "second release",
  "use after release",
  "append after release",
  "share after release",
  "read beyond the end",
  "write beyond the end",
  "array too short",
  "no headroom",
  "chain too short",
];

test.each(["speed", "size"] as const)(
  "the %s profile carries no message, allocates nothing, and traps where a mistake is found",
  async (profile) => {
    const image = await imageOf(profile);
    const found = TEXTS.filter((text) => Buffer.from(image).includes(Buffer.from(text, "utf16le")));
    expect(found).toEqual([]);
    expect(await end(image, "none")).toMatchObject({ code: 0 });
    for (const mistake of MISTAKES)
      expect({ mistake, ...(await end(image, mistake)) }).toMatchObject({ mistake, code: 101 });
  },
);

test("the debug profile says which pool, whose slice and what happened", async () => {
  const image = await imageOf("debug");
  const missing = TEXTS.filter(
    (text) => !Buffer.from(image).includes(Buffer.from(text, "utf16le")),
  );
  expect(missing).toEqual([]);
  for (const mistake of MISTAKES)
    expect({ mistake, ...(await end(image, mistake)) }).toMatchObject({ mistake, code: 100 });
  expect((await end(image, "second release")).message).toContain(
    'buffer pool "frames": release of a slice, but "main" has released it',
  );
  // An object is never used again there: the same loop needs more memory than there is.
  expect(await end(image, "none")).toMatchObject({ code: 102 });
});
