/** What iperf3 says on its control connection: single bytes, and texts in JSON behind their length. */

/** A text that names the test, with its terminating zero. */
export const COOKIE_BYTES: i32 = 37;

export namespace State {
  export const TEST_START: i32 = 1;
  export const TEST_RUNNING: i32 = 2;
  export const TEST_END: i32 = 4;
  export const PARAM_EXCHANGE: i32 = 9;
  export const CREATE_STREAMS: i32 = 10;
  export const EXCHANGE_RESULTS: i32 = 13;
  export const DISPLAY_RESULTS: i32 = 14;
  export const ACCESS_DENIED: i32 = -1;
  export const SERVER_ERROR: i32 = -2;
}

/** IEUNIMP of iperf3. */
export const NOT_IMPLEMENTED: u8 = 13;

/** What a client asks for. */
export class Parameters {
  /** The server sends. */
  readonly reverse: bool;
  /** Something that this server does not have. */
  readonly unsupported: bool;
  readonly streams: i32;

  /** @param text the client's JSON, of which only these few members matter */
  constructor(text: string) {
    this.reverse = text.includes('"reverse":true') || text.includes('"reverse":1');
    this.unsupported =
      text.includes('"udp":true') ||
      text.includes('"sctp":true') ||
      text.includes('"bidirectional":true') ||
      text.includes('"bidirectional":1');
    this.streams = max(1, numberAfter(text, '"parallel":'));
  }
}

function numberAfter(text: string, key: string): i32 {
  const at = text.indexOf(key);
  if (at < 0) return 0;
  let value = 0;
  for (let i = at + key.length; i < text.length && value < 1000; i++) {
    const digit = text.charCodeAt(i) - 48;
    if (digit < 0 || digit > 9) break;
    value = value * 10 + digit;
  }
  return value;
}

/** iperf3 numbers its streams 1, 3, 4, 5 and so on. */
function streamId(index: i32): i32 {
  return index == 0 ? 1 : index + 2;
}

/** The server's results as JSON. */
export function results(bytes: u64[], seconds: f64, reverse: bool): string {
  const streams: string[] = [];
  for (let index = 0; index < bytes.length; index++)
    streams.push(
      `{"id":${streamId(index)},"bytes":${bytes[index]},"retransmits":-1,"jitter":0,"errors":0,` +
        `"packets":0,"start_time":0,"end_time":${seconds}}`,
    );
  const sender = reverse ? 0 : -1;
  return (
    `{"cpu_util_total":0,"cpu_util_user":0,"cpu_util_system":0,"sender_has_retransmits":${sender},` +
    `"streams":[${streams.join(",")}]}`
  );
}
