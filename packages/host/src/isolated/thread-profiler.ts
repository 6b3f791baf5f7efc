/**
 * Profiles another thread of this process through the engine's inspector: also one that spins, and
 * cannot be asked itself.
 */
import { Session } from "node:inspector";
import type { CpuProfile } from "../symbolise/profile.js";

/** A thread that does not answer within this time is not profiled. */
const ANSWER_MS_MAX = 10_000;
const SAMPLING_US = 500;

interface Attached {
  readonly params: {
    readonly sessionId: string;
    readonly workerInfo: { readonly workerId: string };
  };
}

interface Received {
  readonly params: { readonly sessionId: string; readonly message: string };
}

interface Answer {
  readonly id?: number;
  readonly result?: { readonly profile?: CpuProfile };
}

type Answered = (answer: Answer | null) => void;

export class ThreadProfiler {
  readonly #session = new Session();
  readonly #waiting = new Map<number, Answered>();
  #sessionId: string | null = null;
  #messages = 0;

  /** Begins to profile a thread; null when the engine does not let us. */
  static async start(threadId: number): Promise<ThreadProfiler | null> {
    const profiler = new ThreadProfiler();
    const started = await profiler.#start(threadId);
    if (!started) profiler.#session.disconnect();
    return started ? profiler : null;
  }

  /** Ends the profile; null when the thread does not answer. Once. Never rejects. */
  async stop(): Promise<CpuProfile | null> {
    const answer = await this.#post("Profiler.stop");
    try {
      this.#session.disconnect();
    } catch {
      // The thread has gone, and the session with it.
    }
    return answer?.result?.profile ?? null;
  }

  async #start(threadId: number): Promise<boolean> {
    try {
      this.#session.connect();
      this.#session.on("NodeWorker.receivedMessageFromWorker", ({ params }: Received) => {
        if (params.sessionId === this.#sessionId) this.#received(params.message);
      });
      const attached = new Promise<boolean>((resolve) => {
        setTimeout(resolve, ANSWER_MS_MAX, false).unref();
        this.#session.on("NodeWorker.attachedToWorker", ({ params }: Attached) => {
          if (params.workerInfo.workerId !== String(threadId)) return;
          this.#sessionId = params.sessionId;
          resolve(true);
        });
      });
      this.#session.post("NodeWorker.enable", { waitForDebuggerOnStart: false });
      if (!(await attached)) return false;
      await this.#post("Profiler.enable");
      await this.#post("Profiler.setSamplingInterval", { interval: SAMPLING_US });
      return (await this.#post("Profiler.start")) !== null;
    } catch {
      return false;
    }
  }

  #post(method: string, params: Readonly<Record<string, number>> = {}): Promise<Answer | null> {
    const id = ++this.#messages;
    return new Promise((resolve) => {
      const answered: Answered = (answer) => {
        clearTimeout(timer);
        this.#waiting.delete(id);
        resolve(answer);
      };
      const timer = setTimeout(answered, ANSWER_MS_MAX, null);
      this.#waiting.set(id, answered);
      try {
        this.#session.post("NodeWorker.sendMessageToWorker", {
          sessionId: this.#sessionId ?? "",
          message: JSON.stringify({ id, method, params }),
        });
      } catch {
        answered(null);
      }
    });
  }

  #received(text: string): void {
    const answer = JSON.parse(text) as Answer;
    if (answer.id !== undefined) this.#waiting.get(answer.id)?.(answer);
  }
}
