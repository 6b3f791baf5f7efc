/** What the two threads say to each other. The bytes of the console go through rings instead. */
import type { Manifest } from "@phantasm/seal";
import type { BlockDescription, NetDescription } from "../backends/options.js";
import type { PublishedPort } from "../backends/types.js";
import type { DomainDescription } from "../describe.js";
import type { DomainStats } from "../domain.js";
import type { DomainExit } from "../exit.js";
import type { WaitingFibres } from "../fibres/waiting.js";
import type { Observation } from "../observe.js";
import type { TraceShare } from "../trace/file.js";

/** Given to the thread at its start, before the image is known. */
export interface ThreadData {
  readonly output: SharedArrayBuffer;
  readonly input: SharedArrayBuffer;
  /** See `DomainOptions.progress`. */
  readonly progress: SharedArrayBuffer;
}

export interface BootMessage {
  readonly type: "boot";
  readonly manifest: Manifest;
  readonly module: WebAssembly.Module;
  readonly digest: string;
  readonly arguments: Uint8Array;
  readonly net: Readonly<Record<string, NetDescription>>;
  readonly block: Readonly<Record<string, BlockDescription>>;
  readonly memoryBytesMax: number | null;
  readonly observed: boolean;
  readonly trace: TraceMessage | null;
}

export interface TraceMessage {
  readonly file: TraceShare;
  /** See `DomainTrace`. */
  readonly classes: readonly string[] | null;
}

export type ToThread =
  | BootMessage
  /** Input waits or has ended; or the output ring has room again. */
  | { readonly type: "console" }
  /** Somebody serves the path now; or why nobody can. Answers `serve`. */
  | { readonly type: "served"; readonly path: string; readonly problem: string | null }
  | { readonly type: "shutdown" }
  | { readonly type: "report" }
  | { readonly type: "describe" };

export interface Report {
  readonly stats: DomainStats;
  readonly observation: Observation | null;
}

export type FromThread =
  /** Output waits, or the input ring has room again. */
  | { readonly type: "console" }
  /** The guest reads, and has nothing to read. */
  | { readonly type: "want" }
  | { readonly type: "stuck"; readonly waiting: readonly WaitingFibres[] }
  /** Null: it ended before it could tell. */
  | { readonly type: "description"; readonly description: DomainDescription | null }
  /** Nothing more is written to the trace, and why. */
  | { readonly type: "untraced"; readonly reason: string }
  /** Nobody runs a switch there: the other thread shall, which no guest can hold up. */
  | { readonly type: "serve"; readonly path: string }
  /** Which ports of the host lead to it. */
  | { readonly type: "published"; readonly ports: readonly PublishedPort[] }
  /** See `NetBackend.notices`. */
  | { readonly type: "notice"; readonly device: string; readonly text: string }
  /** A link has ended for good. */
  | { readonly type: "gone"; readonly device: string; readonly reason: string }
  | ({ readonly type: "report" } & Report)
  | ({ readonly type: "exit"; readonly exit: DomainExit } & Report)
  /** A fault of the host; `stack` is for a bug report. */
  | { readonly type: "fault"; readonly stack: string };
