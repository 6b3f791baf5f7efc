/** What an application implements. No handler is called inside a call of the application. */
import { Exchange } from "./exchange";

export interface HttpHandler {
  /**
   * A request: answer it now, or later. The exchange belongs to the application until it has sent or ended the
   * answer, or was told that it was aborted. What is sent after the client has gone is dropped.
   */
  onRequest(exchange: Exchange): void;
}

/** Gets the content of a request as a whole: `exchange.receive`. */
export interface ContentHandler {
  /** The content: the first `length` of `bytes`. Content that breaks off or is too large does not come here. */
  onContent(exchange: Exchange, bytes: Uint8Array, length: i32): void;
}

/** Gets the content of a request as it comes: `exchange.stream`. */
export interface ContentSink {
  /** Bytes, valid during the call. `exchange.pause` stops the flow, until `exchange.resume`. */
  onPart(exchange: Exchange, at: usize, bytes: i32): void;

  /** All has come. */
  onEnd(exchange: Exchange): void;

  /** It broke off; the exchange is over. */
  onAborted(exchange: Exchange): void;
}

/** Writes an answer in parts: `exchange.begin`. */
export interface ResponseWriter {
  /** There is room again, after `write` took fewer bytes than offered. */
  onWritable(exchange: Exchange): void;

  /** The connection broke; the exchange is over. */
  onAborted(exchange: Exchange): void;
}

/** What an error says to people. */
export interface ErrorPages {
  /** A page in HTML. Called for every error that the server or `sendError` answers. */
  errorPage(status: i32): string;
}

/** Is told of every answer: a log. */
export interface AccessSink {
  /** It was answered, as far as the client was there: called before the exchange is used again. */
  onAnswered(exchange: Exchange): void;

  /**
   * It was refused before a handler was asked, or because its content broke off. Connections beyond the limit are not
   * told of.
   *
   * @param remote the client's address
   * @param seconds since 1970 UTC
   * @param line the request line as far as it has come, valid during the call
   * @param contentBytes of the page that the client got
   */
  onRefused(
    remote: string,
    seconds: i64,
    status: i32,
    line: usize,
    lineBytes: i32,
    contentBytes: i32,
  ): void;
}
