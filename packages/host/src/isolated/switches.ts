/** The switches of a domain's links, on the thread that its guest cannot hold up. */
import type { SwitchServer } from "../backends/switch/server.js";

export class ThreadSwitches {
  readonly #servers: SwitchServer[] = [];
  #closed = false;

  /**
   * Runs a switch on a path unless somebody does. Never rejects.
   *
   * @returns why there can be none, or null
   */
  async serve(path: string): Promise<string | null> {
    try {
      const { serveUnserved } = await import("../backends/switch/open.js");
      const server = await serveUnserved(path);
      if (server === null) return null;
      if (this.#closed) await server.close();
      else this.#servers.push(server);
      return null;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }

  /** Ends them, once their other clients have what is queued for them. Never rejects. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.allSettled(this.#servers.map((server) => server.close()));
  }
}
