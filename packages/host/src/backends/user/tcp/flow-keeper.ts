/** What a flow of TCP asks of those who keep it. */
import type { Core } from "../core.js";
import type { TcpFlow } from "./flow.js";
import type { StreamMemory } from "./memory.js";

export interface FlowKeeper {
  readonly core: Core;
  /** The largest payload of one frame; more than one segment's when the guest takes such frames. */
  readonly segmentsBytesMax: number;
  readonly memory: StreamMemory;
  /** Calls `settle` once the frames at hand have been looked at. */
  soon(flow: TcpFlow): void;
  /** Calls `settle` when the queue of frames has room again. */
  stalled(flow: TcpFlow): void;
  /** It may not read from the host now: calls `resumeReading` until that is true. */
  lacksMemory(flow: TcpFlow): void;
  /** It is established. */
  opened(flow: TcpFlow): void;
  /** It has ended, and the reset that says so had no room: calls `sendReset` when there is. */
  unsaid(flow: TcpFlow): void;
  /** Nobody listens at that address of the guest. True: the stream goes on without this flow. */
  refused(flow: TcpFlow): boolean;
  /** Both sides have ended; only late segments may come. */
  resting(flow: TcpFlow): void;
  /** It is no more. */
  closed(flow: TcpFlow): void;
}
