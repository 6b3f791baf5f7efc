/** How connections share a link. */
import { Flow, World } from "./flow";
import { OVERHEAD_BYTES } from "./header";
import { control, half } from "./matrix";
import { Draw } from "./random";

const SEGMENT_BYTES: i32 = 1448;
const MS: i64 = 1_000_000;
const SECOND: i64 = 1_000_000_000;

/** Two that begin ten seconds apart; then what each has got of the link in the next minute, in hundredths. */
function share(first: string, second: string, kbits: i64, rttMs: i64, markPart: i32): string {
  const world = new World();
  const draw = new Draw(1);
  const rttNs = rttMs * MS;
  const queueBytes = max(<i32>((kbits * rttMs) / 8), 8 * 1538);
  const forward = half(world, draw, kbits * 1000, rttNs, queueBytes);
  const back = half(world, draw, kbits * 1000, rttNs, queueBytes);
  if (markPart > 0) forward.markBytes = queueBytes / markPart;
  // So that the two do not march in step.
  forward.jitterNs = MS;
  const flows: Flow[] = [new Flow(control(first)), new Flow(control(second))];
  for (let i = 0; i < 2; i++) {
    const flow = flows[i];
    world.add(flow, forward, back);
    flow.sender.hasEcn = markPart > 0;
    flow.receiver.begin(0);
    flow.sender.begin(0, SEGMENT_BYTES, true, 1 << 30, rttNs, world.nowNs);
    flow.sender.write(2_000_000_000, world.nowNs);
    world.run(world.nowNs + 10 * SECOND);
  }
  // Until they have found each other.
  world.run(world.nowNs + 30 * SECOND);
  const before: u32[] = [flows[0].receiver.next, flows[1].receiver.next];
  const timeNs: i64 = 60 * SECOND;
  world.run(world.nowNs + timeNs);
  const payload = <f64>SEGMENT_BYTES / <f64>(SEGMENT_BYTES + OVERHEAD_BYTES);
  const possible = ((<f64>kbits * 1000) / 8) * payload * (<f64>timeNs / <f64>SECOND);
  let text = "";
  for (let i = 0; i < 2; i++) {
    const bytes = <f64>(flows[i].receiver.next - before[i]);
    text += (<i32>Math.round((100 * bytes) / possible)).toString().padStart(8, " ");
  }
  return text;
}

export function fairness(): string {
  let text = "two connections, per cent of the link for each\n";
  text += "  kbit/s   rtt ms              pair   first  second\n";
  const names: string[] = ["cubic", "cubic", "newreno", "newreno", "cubic", "newreno"];
  for (let pair = 0; pair < 3; pair++)
    for (let mark = 0; mark < 2; mark++)
      for (let i = 0; i < 2; i++) {
        const kbits: i64 = i == 0 ? 10_000 : 50_000;
        const rttMs: i64 = i == 0 ? 20 : 50;
        const first = names[2 * pair];
        const second = names[2 * pair + 1];
        const title = first + " " + second + (mark == 1 ? " ecn" : "");
        text += kbits.toString().padStart(8, " ") + rttMs.toString().padStart(9, " ");
        text += title.padStart(20, " ") + share(first, second, kbits, rttMs, mark * 3) + "\n";
      }
  return text;
}
