/**
 * The engine's inspector of another thread of this process. It answers for a thread that spins, too:
 * the engine interrupts whatever runs there.
 */
import { Session } from "node:inspector";

interface Attached {
  readonly params: {
    readonly sessionId: string;
    /** `title` is `[worker 3] name`; `workerId` only counts within the session. */
    readonly workerInfo: { readonly title: string };
  };
}

interface Received {
  readonly params: { readonly sessionId: string; readonly message: string };
}

interface Message {
  readonly id?: number;
  readonly result?: unknown;
  readonly method?: string;
  readonly params?: unknown;
}

export class ThreadSession {
  readonly #session = new Session();
  readonly #answers = new Map<number, (result: unknown) => void>();
  readonly #onEvent: (method: string, params: unknown) => void;
  #sessionId = "";
  #messages = 0;

  private constructor(onEvent: (method: string, params: unknown) => void) {
    this.#onEvent = onEvent;
  }

  /**
   * Null when the engine does not let us, or takes longer than `timeoutMs`. Never rejects.
   *
   * @param onEvent told what the inspector reports of the thread, from `attach` on
   */
  static async attach(
    threadId: number,
    timeoutMs: number,
    onEvent: (method: string, params: unknown) => void = () => undefined,
  ): Promise<ThreadSession | null> {
    const session = new ThreadSession(onEvent);
    const attached = await session.#attach(threadId, timeoutMs);
    if (!attached) session.close();
    return attached ? session : null;
  }

  /** What it answers; null when it does not within `timeoutMs`, or cannot. Never rejects. */
  post(method: string, params: object, timeoutMs: number): Promise<unknown> {
    const id = ++this.#messages;
    return new Promise((resolve) => {
      const answered = (result: unknown): void => {
        clearTimeout(timer);
        this.#answers.delete(id);
        resolve(result ?? null);
      };
      const timer = setTimeout(answered, timeoutMs, null);
      this.#answers.set(id, answered);
      const message = JSON.stringify({ id, method, params });
      try {
        this.#session.post("NodeWorker.sendMessageToWorker", {
          sessionId: this.#sessionId,
          message,
        });
      } catch {
        answered(null);
      }
    });
  }

  /** Leaves the thread to itself. */
  close(): void {
    try {
      this.#session.disconnect();
    } catch {
      // The thread has gone, and the session with it.
    }
  }

  #attach(threadId: number, timeoutMs: number): Promise<boolean> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, timeoutMs, false);
      this.#session.on("NodeWorker.attachedToWorker", ({ params }: Attached) => {
        if (Number(/\d+/.exec(params.workerInfo.title)?.[0]) !== threadId) return;
        this.#sessionId = params.sessionId;
        clearTimeout(timer);
        resolve(true);
      });
      this.#session.on("NodeWorker.receivedMessageFromWorker", ({ params }: Received) => {
        if (params.sessionId === this.#sessionId) this.#received(params.message);
      });
      try {
        this.#session.connect();
        this.#session.post("NodeWorker.enable", { waitForDebuggerOnStart: false });
      } catch {
        clearTimeout(timer);
        resolve(false);
      }
    });
  }

  #received(text: string): void {
    const { id, result, method, params } = JSON.parse(text) as Message;
    if (id !== undefined) this.#answers.get(id)?.(result);
    else if (method !== undefined) this.#onEvent(method, params);
  }
}
