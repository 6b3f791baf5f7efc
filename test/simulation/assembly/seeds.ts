/** Worlds drawn from a seed, most of them worse than real ones: everything must arrive, in finite time. */
import { recoveryCounters } from "../../../packages/tcp/assembly/recovery/counters";
import { ranges } from "../../../packages/tcp/assembly/recovery/ranges";
import { Flow, World } from "./flow";
import { Link } from "./link";
import { control, half } from "./matrix";
import { Draw } from "./random";

const MS: i64 = 1_000_000;
const SECOND: i64 = 1_000_000_000;
/** After this long the world is at rest, or something hangs. */
const PATIENCE_NS: i64 = 100 * 3600 * SECOND;

/** Of a scale that runs from `least` to `most` in even steps of magnitude. */
export function magnitude(draw: Draw, least: i64, most: i64): i64 {
  const steps = 64 - <i32>clz(most / least);
  return min(most, least << draw.between(0, steps));
}

export function impair(link: Link, draw: Draw): void {
  if (draw.below(2) == 0) link.lossMillionths = draw.below(100_000) << draw.below(2);
  if (draw.below(4) == 0) link.corruptMillionths = draw.below(20_000);
  if (draw.below(4) == 0) link.duplicateMillionths = draw.below(100_000);
  if (draw.below(3) == 0) link.jitterNs = draw.between(0, link.delayNs + MS);
  if (draw.below(3) == 0) {
    link.reorderMillionths = draw.below(300_000);
    link.reorderNs = draw.between(0, 2 * link.delayNs + MS);
  }
  if (draw.below(4) == 0) {
    link.burstMillionths = draw.below(20_000);
    link.burstEndMillionths = 50_000 + draw.below(900_000);
  }
  if (draw.below(8) == 0) {
    link.outageBeginsNs = draw.between(0, 10 * SECOND);
    link.outageEndsNs = link.outageBeginsNs + draw.between(0, 20 * SECOND);
  }
}

/** Empty: all went well. Else what did not. */
export function runSeed(seed: u32): string {
  const draw = new Draw(seed);
  const world = new World();
  const flow = new Flow(control(draw.below(3) == 0 ? "newreno" : "cubic"));
  const rttNs = magnitude(draw, MS / 10, 500 * MS);
  const bitsPerSecond = magnitude(draw, 64_000, 1_000_000_000);
  const segmentBytes = <i32>magnitude(draw, 200, 9000);
  const product = <i32>min<i64>((bitsPerSecond / 8_000) * (rttNs / MS + 1), 1 << 26);
  const queueBytes = max(<i32>magnitude(draw, 1 + product / 16, 1 + product * 4), 3 * 10_000);
  const forward = half(world, draw, bitsPerSecond, rttNs, queueBytes);
  const back = half(world, draw, bitsPerSecond, rttNs, queueBytes);
  impair(forward, draw);
  impair(back, draw);
  world.add(flow, forward, back);

  const hasSack = draw.below(4) > 0;
  const hasTimestamps = draw.below(4) > 0;
  flow.receiver.hasSack = hasSack;
  flow.receiver.hasTimestamps = hasTimestamps;
  flow.sender.hasTimestamps = hasTimestamps;
  flow.sender.hasEcn = draw.below(3) == 0;
  if (flow.sender.hasEcn) forward.markBytes = queueBytes / 4;
  if (draw.below(4) == 0) flow.sender.runSegments = max(1, 65_000 / segmentBytes);
  if (hasSack && draw.below(8) == 0) flow.receiver.keptBytes = <i32>draw.below(20 * segmentBytes);
  const windowBytes = (<u32>segmentBytes) << draw.below(12);
  flow.receiver.windowBytes = windowBytes;
  // Near the end of the numbers, every other time.
  const first: u32 = draw.below(2) == 0 ? draw.below(u32.MAX_VALUE) : 0xffff8000;
  flow.receiver.begin(first);
  const handshakeNs: i64 = draw.below(8) == 0 ? -1 : rttNs;
  flow.sender.begin(first, segmentBytes, hasSack, windowBytes, handshakeNs, 0);

  // The application writes in pieces, with pauses.
  const pieces: u32 = draw.below(3) == 0 ? 1 + draw.below(40) : 1;
  let bytes: u32 = <u32>segmentBytes * (1 + draw.below(400));
  if (draw.below(8) == 0) bytes = 1 + draw.below(3000);
  for (let piece: u32 = 0; piece < pieces; piece++) {
    flow.sender.write(bytes / pieces + 1, world.nowNs);
    if (draw.below(20) == 0)
      flow.sender.recovery.setSegmentBytes(max(flow.sender.recovery.segmentBytes / 2, 100));
    if (piece + 1 < pieces) world.run(world.nowNs + draw.between(0, 4 * rttNs + 10 * MS));
  }
  world.run(world.nowNs + PATIENCE_NS);

  const sender = flow.sender;
  sender.recovery.end();
  if (sender.failure.length > 0) return sender.failure;
  if (flow.receiver.next != sender.writtenEnd)
    return `${sender.writtenEnd - flow.receiver.next} bytes have not arrived`;
  if (!sender.isDone) return `${sender.writtenEnd - sender.acknowledged} bytes unacknowledged`;
  if (ranges.used != 0) return `${ranges.used} records are not free`;
  if (world.queue.overflowed > 0) return "the simulation has too few slots";
  return "";
}

/** Runs them, and says which failed; then what has happened in all. */
export function runSeeds(first: u32, count: u32): string {
  let text = "";
  let failed = 0;
  for (let seed = first; seed < first + count; seed++) {
    const failure = runSeed(seed);
    if (failure.length == 0) continue;
    text += `seed ${seed}: ${failure}\n`;
    if (++failed == 20) break;
  }
  const seen = recoveryCounters;
  text += `retransmissions ${seen.retransmissions} timeouts ${seen.timeouts} probes ${seen.probes}`;
  text += ` recoveries ${seen.recoveries} marks ${seen.marks} undone ${seen.undone}`;
  text += ` duplicates ${seen.duplicates} reneged ${seen.reneged} exhausted ${ranges.exhausted}\n`;
  return text;
}
