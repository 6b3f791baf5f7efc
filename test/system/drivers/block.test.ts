/** The block driver against a disk that a test steers. */
import type {
  BlockBackend,
  BlockCompletion,
  BlockRequest,
  BlockStatus,
  Image,
} from "@phantasm/host";
import { beforeAll, expect, test } from "vitest";
import { boot, imageOf, settle } from "./boot.js";

const CONFIGURATION = `import { block } from "@phantasm/block";
import { console } from "@phantasm/console";
import { string, unikernel } from "phantasm";
export default unikernel("block-driver", {
  devices: { disk: block("disk", { requests: 4 }), console: console() },
  arguments: { script: string() },
});
`;

/** Each word of the script makes another use of the driver. */
const MAIN = `import { BlockHandler, BlockWaiter } from "@phantasm/interfaces";
import { Devices } from "./.phantasm/devices";

class User implements BlockHandler, BlockWaiter {
  private readonly buffer: Uint8Array = new Uint8Array(8 * 512);
  private next: i32 = 0;

  constructor(private readonly os: Devices, private readonly base: i32) {}

  print(text: string): void {
    this.os.console.writeLine(text);
  }

  /** Reads eight sectors one by one, as many at once as the disk takes. */
  onBlockReady(): void {
    while (this.next < 8) {
      const at = this.next;
      const status = this.os.disk.read(this.base + at, 1, this.buffer, at * 512, this, this.base + at);
      if (status < 0) {
        this.print(\`\${this.base + at}: \${status}\`);
        this.os.disk.whenReady(this);
        return;
      }
      this.next++;
    }
  }

  onBlock(tag: i32, status: i32): void {
    this.print(\`\${tag} done \${status} \${this.buffer[(tag - this.base) * 512]}\`);
  }
}

class Plain implements BlockHandler {
  readonly buffer: Uint8Array = new Uint8Array(4096);

  constructor(private readonly os: Devices) {}

  onBlock(tag: i32, status: i32): void {
    this.os.console.writeLine(\`\${tag} done \${status}\`);
  }
}

export function main(os: Devices): void {
  const script = os.arguments.script;
  const disk = os.disk;
  const plain = new Plain(os);
  if (script == "info") {
    os.console.writeLine(
      \`\${disk.sectors} x \${disk.sectorBytes}, \${disk.requestsMax} requests of \${disk.requestSectorsMax}, writable \${disk.writable}, discards \${disk.discards}\`,
    );
  } else if (script == "two users") {
    new User(os, 100).onBlockReady();
    new User(os, 200).onBlockReady();
  } else if (script == "all operations") {
    plain.buffer.fill(7);
    os.console.writeLine(\`write \${disk.write(5, 2, plain.buffer, 512, plain, 1)}\`);
    plain.buffer.fill(8);
    os.console.writeLine(\`discard \${disk.discard(9, 3, plain, 2)}\`);
    os.console.writeLine(\`flush \${disk.flush(plain, 3)}\`);
  } else if (script == "beyond") {
    os.console.writeLine(\`\${disk.read(999, 2, plain.buffer, 0, plain, 1)}\`);
    os.console.writeLine(\`\${disk.read(u64.MAX_VALUE, 1, plain.buffer, 0, plain, 1)}\`);
  } else if (script == "write") {
    os.console.writeLine(\`\${disk.write(0, 1, plain.buffer, 0, plain, 1)}\`);
  } else if (script == "outside the buffer") {
    disk.read(0, 8, plain.buffer, 1, plain, 1);
  } else if (script == "no sectors") {
    disk.read(0, 0, plain.buffer, 0, plain, 1);
  } else if (script == "too many sectors") {
    disk.discard(0, 2049, plain, 1);
  }
}
`;

class ScriptedDisk implements BlockBackend {
  readonly sectors = 1000;
  readonly sectorBytes = 512;
  readonly depth: number;
  readonly readonly: boolean;
  readonly discards = true;
  readonly requests: BlockRequest[] = [];
  readonly #done: BlockCompletion[] = [];
  wake: () => void = () => undefined;

  constructor({ depth = 16, readonly = false } = {}) {
    this.depth = depth;
    this.readonly = readonly;
  }

  attach(wake: () => void): void {
    this.wake = wake;
  }

  submit(request: BlockRequest): boolean {
    // What is written is the guest's only until here.
    const kept = request.operation === "write" ? { data: request.data.slice() } : {};
    this.requests.push({ ...request, ...kept });
    return false;
  }

  /** Completes the oldest request, or the newest; a read gives the sector's number in every byte. */
  finish(status: BlockStatus = "ok", newest = false): void {
    const request = newest ? this.requests.pop() : this.requests.shift();
    if (!request) throw new Error("nothing is in flight");
    this.#done.push({ request, status });
    this.wake();
  }

  complete(memory: Uint8Array): BlockCompletion | null {
    const completion = this.#done.shift() ?? null;
    if (completion?.request.operation === "read" && completion.status === "ok") {
      const { pointer, sectors, sector } = completion.request;
      memory.fill(sector, pointer, pointer + sectors * 512);
    }
    return completion;
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

let image: Image;

beforeAll(async () => {
  image = await imageOf({ "phantasm.config.ts": CONFIGURATION, "main.ts": MAIN });
});

function run(script: string, disk = new ScriptedDisk()): ReturnType<typeof boot> {
  return boot(image, { block: { disk }, arguments: { script } });
}

test("geometry; the configuration limits the requests in flight", async () => {
  const { lines } = await run("info").end();
  expect(lines).toEqual(["1000 x 512, 4 requests of 2048, writable true, discards true"]);
  const shallow = await run("info", new ScriptedDisk({ depth: 2, readonly: true })).end();
  expect(shallow.lines).toEqual(["1000 x 512, 2 requests of 2048, writable false, discards true"]);
});

test("two users share what the disk takes, each gets its own data, and both finish", async () => {
  const disk = new ScriptedDisk();
  const { end, domain, lines } = run("two users", disk);
  expect(disk.requests).toEqual([]);
  await settle();
  expect(disk.requests.length).toBe(4);
  expect(lines()).toEqual(["104: -1", "200: -1"]);
  for (let order = 0; domain.exit === null; order++) {
    expect(disk.requests.length).toBeLessThanOrEqual(4);
    disk.finish("ok", order % 3 === 0);
    await settle();
  }
  const { status, lines: all } = await end();
  expect(status).toBe(0);
  const done = all.filter((line) => line.includes("done")).sort();
  const sectors = [100, 200].flatMap((base) => Array.from({ length: 8 }, (_, at) => base + at));
  expect(done).toEqual(sectors.map((sector) => `${sector} done 0 ${sector & 255}`));
});

test("write, discard and flush reach the disk; the data is copied when it is submitted", async () => {
  const disk = new ScriptedDisk();
  const { end } = run("all operations", disk);
  await settle();
  expect(disk.requests).toMatchObject([
    { operation: "write", sector: 5, data: new Uint8Array(1024).fill(7) },
    { operation: "discard", sector: 9, sectors: 3 },
    { operation: "flush" },
  ]);
  disk.finish("nospace");
  disk.finish("ok");
  disk.finish("io");
  expect(await end()).toEqual({
    status: 0,
    message: "",
    lines: ["write 0", "discard 0", "flush 0", "1 done -3", "2 done 0", "3 done -2"],
  });
});

test("beyond the end, and read-only: refused, and nothing holds the domain", async () => {
  expect((await run("beyond").end()).lines).toEqual(["-5", "-5"]);
  const { status, lines } = await run("write", new ScriptedDisk({ readonly: true })).end();
  expect(status).toBe(0);
  expect(lines).toEqual(["-4"]);
});

test.for([
  ["outside the buffer", "outside the buffer"],
  ["no sectors", "1 to requestSectorsMax"],
  ["too many sectors", "1 to requestSectorsMax"],
])("mistake of the application: %s", async ([script, message]) => {
  const end = await run(script ?? "").end();
  expect(end.status).toBe(100);
  expect(end.message).toContain(message);
});
