/**
 * Where a thread is that never comes back: the engine's debugger interrupts its loop, and the frames
 * are read. The thread is good for nothing afterwards but to be terminated.
 */
import { Session } from "node:inspector";
import type { WasmFrame } from "../frames.js";

const ANSWER_MS_MAX = 1_000;

interface Message {
  readonly method?: string;
  readonly params?: {
    readonly scriptId?: string;
    readonly scriptLanguage?: string;
    readonly callFrames?: readonly {
      readonly functionName: string;
      readonly location: { readonly scriptId: string; readonly columnNumber?: number };
    }[];
  };
}

interface Attached {
  readonly params: {
    readonly sessionId: string;
    readonly workerInfo: { readonly workerId: string };
  };
}

interface Received {
  readonly params: { readonly sessionId: string; readonly message: string };
}

/** Frames inside the image, innermost first. Empty when the engine does not answer. Never rejects. */
export async function traceThread(threadId: number): Promise<WasmFrame[]> {
  const session = new Session();
  try {
    session.connect();
    return await frames(session, threadId);
  } catch {
    return [];
  } finally {
    session.disconnect();
  }
}

function frames(session: Session, threadId: number): Promise<WasmFrame[]> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve([]), ANSWER_MS_MAX);
    const images = new Set<string>();
    let ours: string | null = null;
    session.on("NodeWorker.attachedToWorker", ({ params }: Attached) => {
      if (params.workerInfo.workerId !== String(threadId)) return;
      ours = params.sessionId;
      post(session, ours, "Debugger.enable");
      post(session, ours, "Debugger.pause");
    });
    session.on("NodeWorker.receivedMessageFromWorker", ({ params }: Received) => {
      if (params.sessionId !== ours) return;
      const { method, params: told } = JSON.parse(params.message) as Message;
      if (method === "Debugger.scriptParsed" && told?.scriptLanguage === "WebAssembly") {
        images.add(told.scriptId ?? "");
      }
      if (method !== "Debugger.paused") return;
      clearTimeout(timer);
      // A thread that stands in the debugger cannot be terminated: it must run again.
      post(session, ours, "Debugger.resume");
      const inside = (told?.callFrames ?? []).filter(({ location }) =>
        images.has(location.scriptId),
      );
      resolve(
        inside.map(({ functionName, location }) => ({
          functionIndex: Number(/^\$func(\d+)$/.exec(functionName)?.[1] ?? -1),
          offset: location.columnNumber ?? 0,
          name: functionName.startsWith("$func") ? null : functionName.replace(/^\$/, ""),
        })),
      );
    });
    session.post("NodeWorker.enable", { waitForDebuggerOnStart: false });
  });
}

let messages = 0;

function post(session: Session, sessionId: string, method: string): void {
  const message = JSON.stringify({ id: ++messages, method });
  session.post("NodeWorker.sendMessageToWorker", { sessionId, message });
}
