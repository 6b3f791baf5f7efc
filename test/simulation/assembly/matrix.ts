/** How much of a link one connection uses, over loss, round trip, bandwidth and buffer. */
import { CongestionControl } from "../../../packages/tcp/assembly/recovery/congestion";
import { Cubic } from "../../../packages/tcp/assembly/recovery/cubic";
import { NewReno } from "../../../packages/tcp/assembly/recovery/new-reno";
import { Flow, World } from "./flow";
import { OVERHEAD_BYTES } from "./header";
import { Link } from "./link";
import { Draw } from "./random";

const SEGMENT_BYTES: i32 = 1448;
const MS: i64 = 1_000_000;
const SECOND: i64 = 1_000_000_000;

export function control(name: string): CongestionControl {
  return name == "newreno" ? new NewReno() : new Cubic();
}

/** One direction of a path with half of its round trip. */
export function half(
  world: World,
  draw: Draw,
  bitsPerSecond: i64,
  rttNs: i64,
  queueBytes: i32,
): Link {
  const link = new Link(world.queue, draw);
  link.bitsPerSecond = bitsPerSecond;
  link.delayNs = rttNs / 2;
  link.queueBytes = queueBytes;
  return link;
}

/** Segments that the window can have on average: RFC 9438 §5.1, or RFC 5681's 1.2/sqrt(p) where that is more. */
function boundSegments(name: string, loss: f64, rttSeconds: f64): f64 {
  const standard = Math.sqrt(1.5 / loss);
  if (name == "newreno") return standard;
  return max(standard, 1.054 * Math.pow(rttSeconds / loss, 0.75));
}

/** Hundredths of the payload that the link can carry. */
function cell(name: string, kbits: i64, rttMs: i64, lossMillionths: u32, queueBytes: i32): i32 {
  const world = new World();
  const flow = new Flow(control(name));
  const draw = new Draw(1);
  const rttNs = rttMs * MS;
  const forward = half(world, draw, kbits * 1000, rttNs, queueBytes);
  forward.lossMillionths = lossMillionths;
  world.add(flow, forward, half(world, draw, kbits * 1000, rttNs, queueBytes));
  flow.receiver.begin(1000);
  flow.sender.begin(1000, SEGMENT_BYTES, true, 1 << 30, rttNs, 0);
  flow.sender.write(1 << 30, 0);
  // Long enough to forget the start, and with as many packets at each bandwidth.
  const warmNs = 20 * rttNs + 2 * SECOND;
  world.run(warmNs);
  const before = flow.receiver.next;
  const timeNs = max<i64>(10 * SECOND, 50 * rttNs);
  world.run(warmNs + timeNs);
  const bytes = <f64>(flow.receiver.next - before);
  const payload = <f64>SEGMENT_BYTES / <f64>(SEGMENT_BYTES + OVERHEAD_BYTES);
  const possible = ((<f64>kbits * 1000) / 8) * payload * (<f64>timeNs / <f64>SECOND);
  return <i32>Math.round((100 * bytes) / possible);
}

/** Hundredths that theory allows. */
export function bound(name: string, kbits: i64, rttMs: i64, lossMillionths: u32): i32 {
  if (lossMillionths == 0) return 100;
  const rtt = <f64>rttMs / 1000;
  const segments = boundSegments(name, <f64>lossMillionths / 1_000_000, rtt);
  const possible = ((<f64>kbits * 1000) / 8 / <f64>(SEGMENT_BYTES + OVERHEAD_BYTES)) * rtt;
  return <i32>min<f64>(100, Math.round((100 * segments) / possible));
}

const KBITS: i64[] = [1_000, 10_000, 100_000];
const RTTS_MS: i64[] = [2, 20, 200];
const LOSSES: u32[] = [0, 1_000, 10_000, 50_000];

function pad(text: string, width: i32): string {
  return text.padStart(width, " ");
}

/** One line for each loss, bandwidth and round trip; two columns of measurement and one of theory. */
export function matrix(name: string): string {
  let text = `${name}: per cent of the link, by buffer in round trips\n`;
  text += "   loss    kbit/s   rtt ms    1/4      1    theory\n";
  for (let l = 0; l < LOSSES.length; l++)
    for (let k = 0; k < KBITS.length; k++)
      for (let r = 0; r < RTTS_MS.length; r++) {
        const kbits = KBITS[k];
        const rttMs = RTTS_MS[r];
        const product = <i32>((kbits * rttMs) / 8);
        // Room for a few packets there is on every link.
        const small = max(product / 4, 8 * 1538);
        const large = max(product, 8 * 1538);
        const loss = LOSSES[l];
        text += pad((<f64>loss / 10_000).toString() + " %", 7);
        text += pad(kbits.toString(), 10) + pad(rttMs.toString(), 9);
        text += pad(cell(name, kbits, rttMs, loss, small).toString(), 7);
        text += pad(cell(name, kbits, rttMs, loss, large).toString(), 7);
        text += pad(bound(name, kbits, rttMs, loss).toString(), 10) + "\n";
      }
  return text;
}
