import type { Duplex } from "node:stream";

/** Ends a stream so that the other side hears of it. */
export function abort(stream: Duplex, dialling = false): void {
  // A socket that is not connected yet would wait to be, only to be reset. One that is being shut down
  // cannot be reset (uv_tcp_close_reset), and Node 20 then never closes it.
  const resets = !dialling && !stream.writableEnded;
  if (resets && "resetAndDestroy" in stream && typeof stream.resetAndDestroy === "function") {
    (stream.resetAndDestroy as () => void).call(stream);
  } else {
    stream.destroy();
  }
}
