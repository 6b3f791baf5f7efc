/** Log lines as the operator sees them, and what is left of those that are compiled out. */
import { VirtualClock, type Image } from "@phantasm/host";
import { verifyImage } from "@phantasm/seal";
import { expect, test } from "vitest";
import { build } from "../../../toolchain/dist/build.js";
import { project } from "../../support/project.js";
import { boot, imageOf, type Booted } from "./boot.js";

const CODE = 10;
const DATA = 11;

function configuration(options: string): string {
  return `import { console } from "@phantasm/console";
import { logging } from "@phantasm/log";
import { unikernel } from "phantasm";
export default unikernel("log-driver", { devices: { log: logging(${options}), console: console() } });
`;
}

function application(body: string): string {
  return `import { DEBUG_LINES } from "@phantasm/interfaces";
import { Devices } from "./.phantasm/devices";
export function main(os: Devices): void {
  const log = os.log.source("dns");
  let queries = os.now >= 0 ? 3 : 4;
  os.console.writeLine("between");
  ${body}
  if (queries > 9) os.console.writeLine(DEBUG_LINES ? "" : "");
}
`;
}

const LOUD = application(`log.info("{} queries", queries);
  log.debug("only for debugging: {}", queries);`);

function run(image: Image, log?: string): ReturnType<Booted["end"]> {
  // Time stands still, so that it can be told in a line.
  return boot(image, {
    clock: new VirtualClock(),
    ...(log === undefined ? {} : { arguments: { log } }),
  }).end();
}

async function sections(options: string, body: string): Promise<ReadonlyMap<number, Buffer>> {
  using made = project({
    "phantasm.config.ts": configuration(options),
    "main.ts": application(body),
  });
  const { image } = await build({ directory: made.directory });
  return new Map(
    verifyImage(image).sections.map(({ id, offset, end }) => [
      id,
      Buffer.from(image.subarray(offset, end)),
    ]),
  );
}

test("the boot argument chooses; lines share the console with everybody else", async () => {
  const files = { "phantasm.config.ts": configuration(""), "main.ts": LOUD };
  const image = await imageOf(files);
  expect((await run(image)).lines).toEqual(["between", "  0.000s dns info: 3 queries"]);
  expect((await run(image, "warning")).lines).toEqual(["between"]);
  expect((await run(image, "off,dns=debug")).lines).toEqual([
    "between",
    "  0.000s dns info: 3 queries",
    "  0.000s dns debug: only for debugging: 3",
  ]);
  const refused = await run(image, "dns=loud");
  expect(refused.status).toBe(100);
  expect(refused.message).toContain(
    'argument log: "dns=loud" is neither LEVEL nor SOURCE=LEVEL. Levels: off, error, warning, info, debug. Example: --log warning,dns=debug',
  );
});

test("asking for lines that were compiled out is answered", async () => {
  const files = { "phantasm.config.ts": configuration('{ maximum: "info" }'), "main.ts": LOUD };
  expect((await run(await imageOf(files), "debug")).lines).toEqual([
    "  0.000s log warning: this image has no lines above info",
    "between",
    "  0.000s dns info: 3 queries",
  ]);
});

test("beyond the maximum no code is left, and behind DEBUG_LINES no text either", async () => {
  const options = '{ maximum: "info" }';
  const silent = await sections(options, "");
  const info = 'log.info("{}", queries);';
  const text = await sections(options, `const unused = "text of a message {}"; ${info}`);
  const plain = await sections(options, `log.debug("text of a message {}", queries); ${info}`);
  expect(plain.get(CODE)).toEqual(text.get(CODE));
  const guarded = await sections(
    options,
    'if (DEBUG_LINES) log.debug("text of a message {}", queries);',
  );
  expect(guarded.get(CODE)).toEqual(silent.get(CODE));
  expect(guarded.get(DATA)).toEqual(silent.get(DATA));
  const loud = await sections("", 'if (DEBUG_LINES) log.debug("text of a message {}", queries);');
  expect(loud.get(DATA)?.includes(Buffer.from("text of a message", "utf16le"))).toBe(true);
});
