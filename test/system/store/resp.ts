/** A client of RESP that keeps replies as they are: for comparing two servers byte for byte. */
import { connect, type Socket } from "node:net";

/** Text of a command, a character a byte. */
export function encode(words: readonly string[]): string {
  const parts = words.map((word) => `$${word.length}\r\n${word}\r\n`);
  return `*${words.length}\r\n${parts.join("")}`;
}

/** Where the reply at `from` ends; -1: not all of it is there. `parts` gets its first level. */
export function endOf(text: string, from: number, parts?: string[]): number {
  const line = text.indexOf("\r\n", from);
  if (line < 0) return -1;
  const kind = text[from] ?? "";
  const count = Number(text.slice(from + 1, line));
  const after = line + 2;
  if ("$=".includes(kind)) {
    const end = count < 0 ? after : after + count + 2;
    return end <= text.length ? end : -1;
  }
  if (!"*~>%".includes(kind)) return after;
  let at = after;
  const elements = kind === "%" ? 2 * count : count;
  for (let i = 0; i < elements; i++) {
    const end = endOf(text, at);
    if (end < 0) return -1;
    parts?.push(text.slice(at, end));
    at = end;
  }
  return at;
}

export class RespClient {
  readonly #socket: Socket;
  #text = "";
  #closed = false;
  #wake: () => void = () => undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setEncoding("latin1");
    socket.on("data", (text: string) => {
      this.#text += text;
      this.#wake();
    });
    socket.on("error", () => undefined);
    socket.on("close", () => {
      this.#closed = true;
      this.#wake();
    });
  }

  static async open(port: number): Promise<RespClient> {
    const socket = connect(port, "127.0.0.1");
    await new Promise<void>((resolve, reject) => {
      socket.once("connect", resolve);
      socket.once("error", reject);
    });
    return new RespClient(socket);
  }

  send(text: string): void {
    this.#socket.write(text, "latin1");
  }

  /** The next replies; fewer when the connection ends. */
  async replies(count: number): Promise<string[]> {
    const found: string[] = [];
    let at = 0;
    for (;;) {
      while (found.length < count) {
        const end = endOf(this.#text, at);
        if (end < 0) break;
        found.push(this.#text.slice(at, end));
        at = end;
      }
      this.#text = this.#text.slice(at);
      at = 0;
      if (found.length === count || this.#closed) return found;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  async ask(...words: string[]): Promise<string> {
    this.send(encode(words));
    const [reply = "closed"] = await this.replies(1);
    return reply;
  }

  /** Stops reading, for tests of those who do not read. */
  pause(): void {
    this.#socket.pause();
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  close(): void {
    this.#socket.destroy();
  }
}
