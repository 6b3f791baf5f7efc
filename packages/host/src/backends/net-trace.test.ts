import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { VirtualClock } from "../clock.js";
import { loopbackPair } from "./loopback.js";
import { traceFrames } from "./net-trace.js";
import { openNet } from "./open.js";
import { frame, Station } from "./testing/frames.js";

const MACS = [Uint8Array.of(2, 0, 0, 0, 0, 1), Uint8Array.of(2, 0, 0, 0, 0, 2)] as const;
const TEXT = [
  "22:13:20.123456789 lan out 02:00:00:00:00:01 > 02:00:00:00:00:02, ethertype 0x88b5, length 60\n",
  "22:13:21.123456789 lan in  02:00:00:00:00:02 > 02:00:00:00:00:01, ethertype 0x88b5, length 60\n",
].join("");

async function exchange(
  file: string,
  stream?: { writableLength: number; write(text: string): boolean },
) {
  const clock = new VirtualClock(1_700_000_000_123_456_789n);
  const [left, right] = loopbackPair({ macs: MACS });
  const link = await traceFrames(left, file, { clock, name: "lan", ...(stream && { stream }) });
  const [here, there] = [new Station(link), new Station(right)];
  here.link.send(frame(MACS[1], MACS[0], 1));
  clock.advance(1_000_000_000n);
  there.link.send(frame(MACS[0], MACS[1], 2));
  await here.expect(1);
  await link.close();
  return link;
}

it("writes a line for every frame to a file", async () => {
  const directory = mkdtempSync(join(tmpdir(), "phantasm-net-trace-"));
  const file = join(directory, "frames.txt");
  const link = await exchange(file);
  expect(readFileSync(file, "utf8")).toBe(TEXT);
  expect(link.lines).toMatchObject({ frames: 2, droppedFrames: 0, error: null });
  const again = await openNet({ kind: "loopback", trace: file });
  await again.close();
  expect(readFileSync(file, "utf8")).toBe("");
  await expect(openNet({ kind: "loopback", trace: directory })).rejects.toThrow(
    `trace of frames ${directory}: it is a directory`,
  );
  rmSync(directory, { recursive: true });
});

it("or to a stream, of which it never fills more than its share", async () => {
  let text = "";
  const stream = { writableLength: 0, write: (line: string) => ((text += line), true) };
  await exchange("-", stream);
  expect(text).toBe(TEXT);
  stream.writableLength = 1_048_576;
  const link = await exchange("-", stream);
  expect(text).toBe(TEXT);
  expect(link.lines).toMatchObject({ frames: 0, droppedFrames: 2 });
});
