/** Profiles another thread of this process, also one that spins and cannot be asked itself. */
import type { CpuProfile } from "../symbolise/profile.js";
import { ThreadSession } from "./thread-session.js";

/** A thread that does not answer within this time is not profiled. */
const ANSWER_MS_MAX = 10_000;
const SAMPLING_US = 500;

export class ThreadProfiler {
  readonly #session: ThreadSession;

  private constructor(session: ThreadSession) {
    this.#session = session;
  }

  /** Begins to profile a thread; null when the engine does not let us. Never rejects. */
  static async start(threadId: number): Promise<ThreadProfiler | null> {
    const session = await ThreadSession.attach(threadId, ANSWER_MS_MAX);
    if (session === null) return null;
    await session.post("Profiler.enable", {}, ANSWER_MS_MAX);
    await session.post("Profiler.setSamplingInterval", { interval: SAMPLING_US }, ANSWER_MS_MAX);
    const started = await session.post("Profiler.start", {}, ANSWER_MS_MAX);
    if (started !== null) return new ThreadProfiler(session);
    session.close();
    return null;
  }

  /** Ends the profile; null when the thread does not answer. Once. Never rejects. */
  async stop(): Promise<CpuProfile | null> {
    const answer = await this.#session.post("Profiler.stop", {}, ANSWER_MS_MAX);
    this.#session.close();
    return (answer as { readonly profile?: CpuProfile } | null)?.profile ?? null;
  }
}
