/** Methods (RFC 9110 §9.3, RFC 5789). Case matters. */
import { equals } from "./characters";

export enum Method {
  /** None of these. */
  OTHER,
  GET,
  HEAD,
  POST,
  PUT,
  DELETE,
  PATCH,
  OPTIONS,
  CONNECT,
  TRACE,
}

/** The bytes of `GET` and a space. */
const GET_SPACE: u32 = 0x20544547;

/** @param bytes of the method; one more is readable behind it */
export function methodOf(at: usize, bytes: i32): Method {
  if (bytes == 3) {
    if (load<u32>(at) == GET_SPACE) return Method.GET;
    return equals(at, 3, "PUT") ? Method.PUT : Method.OTHER;
  }
  for (let method = <i32>Method.HEAD; method <= <i32>Method.TRACE; method++)
    if (equals(at, bytes, methodText(method))) return method;
  return Method.OTHER;
}

export function methodText(method: i32): string {
  switch (method) {
    case Method.GET:
      return "GET";
    case Method.HEAD:
      return "HEAD";
    case Method.POST:
      return "POST";
    case Method.PUT:
      return "PUT";
    case Method.DELETE:
      return "DELETE";
    case Method.PATCH:
      return "PATCH";
    case Method.OPTIONS:
      return "OPTIONS";
    case Method.CONNECT:
      return "CONNECT";
    case Method.TRACE:
      return "TRACE";
    default:
      return "";
  }
}
