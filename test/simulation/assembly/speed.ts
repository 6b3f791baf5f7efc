/** The cost of the usual: data goes out, and is acknowledged in order. */
import { Recovery } from "../../../packages/tcp/assembly/recovery/recovery";
import { SackBlocks } from "../../../packages/tcp/assembly/recovery/sack-blocks";
import { control } from "./matrix";

const SEGMENT_BYTES: u32 = 1448;

/** `count` times: two segments are acknowledged, and two are sent. Returns the window, so that nothing is left out. */
export function inOrder(name: string, count: u32): i32 {
  const recovery = new Recovery(control(name));
  const blocks = new SackBlocks();
  recovery.begin(0, SEGMENT_BYTES, true, 1_000_000, 0);
  let sent: u32 = 0;
  let acknowledged: u32 = 0;
  let nowNs: i64 = 0;
  for (; sent < 100 * SEGMENT_BYTES; sent += SEGMENT_BYTES)
    recovery.onSent(sent, sent + SEGMENT_BYTES, nowNs);
  for (let i: u32 = 0; i < count; i++) {
    nowNs += 20_000;
    acknowledged += 2 * SEGMENT_BYTES;
    recovery.onAcknowledged(acknowledged, 1 << 20, blocks, 2_000_000, false, false, nowNs);
    while (recovery.nextLost(nowNs)) break;
    if (recovery.allowance() >= 0) {
      recovery.onSent(sent, sent + 2 * SEGMENT_BYTES, nowNs);
      sent += 2 * SEGMENT_BYTES;
    }
  }
  return recovery.congestionWindowBytes;
}
