/** HTTP as bytes: what is sent is what was written, and what came back is taken apart. */
import { connect } from "node:net";

export interface RawAnswer {
  readonly status: number;
  /** By lower-case names; lines of one name are joined. */
  readonly fields: ReadonlyMap<string, string>;
  readonly body: string;
}

const QUIET_MS_MAX = 10_000;

/**
 * Sends bytes, one character each, and returns all that comes until the other side closes, or long nothing.
 *
 * @param localPort the client's own; 0: any
 */
export async function exchangeRaw(
  port: number,
  text: string,
  quietMsMax = QUIET_MS_MAX,
  localPort = 0,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: "127.0.0.1", localPort });
    let heard = "";
    let connected = false;
    const done = (): void => {
      socket.destroy();
      resolve(heard);
    };
    socket.setEncoding("latin1").on("data", (piece: string) => (heard += piece));
    socket.setTimeout(quietMsMax, () => {
      heard += "(and nothing more)";
      done();
    });
    socket.on("connect", () => {
      connected = true;
      socket.write(text, "latin1");
    });
    socket.on("end", done);
    // Closed with what it had not read: what it had said before still counts.
    socket.on("error", (error) => {
      if (connected) done();
      else reject(error);
    });
  });
}

/** @param methods of the requests, in their order: answers to HEAD have no content */
export function answersIn(text: string, methods: readonly string[]): RawAnswer[] {
  const answers: RawAnswer[] = [];
  for (let index = 0; text !== "";) {
    const end = text.indexOf("\r\n\r\n");
    const [, status] = /^HTTP\/1\.1 (\d{3})[ \r]/.exec(text) ?? [];
    if (end < 0 || status === undefined)
      return [...answers, { status: 0, fields: new Map(), body: text }];
    const fields = new Map<string, string>();
    for (const line of text.slice(0, end).split("\r\n").slice(1)) {
      const colon = line.indexOf(":");
      const name = line.slice(0, colon).toLowerCase();
      const before = fields.get(name);
      const value = line.slice(colon + 1).trim();
      fields.set(name, before === undefined ? value : `${before}, ${value}`);
    }
    text = text.slice(end + 4);
    const code = Number(status);
    const isBare = code < 200 || code === 204 || code === 304 || methods[index] === "HEAD";
    const length = fields.get("content-length");
    const bytes = isBare ? 0 : length === undefined ? text.length : Number(length);
    answers.push({ status: code, fields, body: text.slice(0, bytes) });
    text = text.slice(bytes);
    if (code >= 200) index++;
  }
  return answers;
}
