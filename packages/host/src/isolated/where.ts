/**
 * Where a thread is that does not come back: the engine's debugger interrupts its loop, and the frames
 * are read. The thread goes on.
 */
import type { WasmFrame } from "../frames.js";
import { ThreadSession } from "./thread-session.js";

const ANSWER_MS_MAX = 1_000;

interface Script {
  readonly scriptId: string;
  readonly scriptLanguage?: string;
}

interface Paused {
  readonly callFrames: readonly {
    readonly functionName: string;
    readonly location: { readonly scriptId: string; readonly columnNumber?: number };
  }[];
}

/** Frames inside the image, innermost first. Empty when the engine does not answer. Never rejects. */
export async function traceThread(threadId: number): Promise<WasmFrame[]> {
  const images = new Set<string>();
  let paused: (frames: Paused | null) => void = () => undefined;
  const stopped = new Promise<Paused | null>((resolve) => (paused = resolve));
  const timer = setTimeout(() => paused(null), ANSWER_MS_MAX);
  const session = await ThreadSession.attach(threadId, ANSWER_MS_MAX, (method, params) => {
    if (method === "Debugger.paused") paused(params as Paused);
    if (method !== "Debugger.scriptParsed") return;
    const { scriptId, scriptLanguage } = params as Script;
    if (scriptLanguage === "WebAssembly") images.add(scriptId);
  });
  if (session === null) return [];
  void session.post("Debugger.enable", {}, ANSWER_MS_MAX);
  void session.post("Debugger.pause", {}, ANSWER_MS_MAX);
  const found = await stopped;
  clearTimeout(timer);
  // A thread that stands in the debugger cannot be terminated: it must run again.
  if (found !== null) await session.post("Debugger.resume", {}, ANSWER_MS_MAX);
  session.close();
  const inside = (found?.callFrames ?? []).filter(({ location }) => images.has(location.scriptId));
  return inside.map(({ functionName, location }) => ({
    functionIndex: Number(/^\$func(\d+)$/.exec(functionName)?.[1] ?? -1),
    offset: location.columnNumber ?? 0,
    name: functionName.startsWith("$func") ? null : functionName.replace(/^\$/, ""),
  }));
}
