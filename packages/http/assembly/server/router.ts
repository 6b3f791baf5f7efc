/**
 * Requests by method and path.
 *
 *     const router = new Router();
 *     router.on(Method.GET, "/notes/:id", notes);
 *     router.on(Method.GET, "/files/*path", site);
 *
 * `:name` stands for one part of a path, `*name` for all that follows, also nothing. The first route that fits is
 * taken. A path with other methods is answered with 405 and Allow, OPTIONS with Allow, HEAD as GET.
 */
import { equals, findByte } from "../wire/characters";
import { Method, methodText } from "../wire/method";
import { TargetForm } from "../wire/request-head";
import { percentDecode } from "../wire/target";
import { Exchange, PARAMETERS_MAX } from "./exchange";
import { HttpHandler } from "./handlers";

const SLASH: u8 = 0x2f;
const PERCENT: u8 = 0x25;
/** Part of a path that is compared after decoding; a longer one is not that of any route. */
const PART_BYTES_MAX: i32 = 256;

const part: usize = memory.data(256);

class Route {
  readonly names: string[] = [];
  /** Parts in their order; null: a parameter. */
  readonly parts: (string | null)[] = [];
  hasTail: bool = false;

  constructor(
    readonly method: Method,
    readonly pattern: string,
    readonly handler: HttpHandler,
  ) {
    assert(pattern.startsWith("/"), "http: the pattern of a route begins with /");
    const parts = pattern.substring(1).split("/");
    for (let i = 0; i < parts.length; i++) {
      const text = parts[i];
      if (text.startsWith("*")) {
        assert(i == parts.length - 1, "http: * is the last part of a route");
        this.hasTail = true;
        this.names.push(text.substring(1));
      } else if (text.startsWith(":")) {
        this.parts.push(null);
        this.names.push(text.substring(1));
      } else this.parts.push(text);
    }
    assert(this.names.length <= PARAMETERS_MAX, "http: a route has at most 8 parameters");
  }

  /** True if it fits; then the exchange knows its parameters. */
  fits(exchange: Exchange): bool {
    const path = exchange.request.path;
    const end = path + <usize>exchange.request.pathBytes;
    const parts = this.parts;
    let at = path;
    let found = 0;
    for (let i = 0; i < parts.length; i++) {
      if (at == end || load<u8>(at) != SLASH) return false;
      at++;
      const next = findByte(at, end, SLASH);
      const bytes = <i32>(next - at);
      const text = parts[i];
      if (text === null) {
        if (bytes == 0) return false;
        note(exchange, found++, <i32>(at - path), bytes);
      } else if (!isPart(at, bytes, text)) return false;
      at = next;
    }
    if (this.hasTail) {
      if (at < end && load<u8>(at) == SLASH) at++;
      else if (at < end) return false;
      note(exchange, found, <i32>(at - path), <i32>(end - at));
    } else if (at != end) return false;
    exchange.parameterNames = this.names;
    return true;
  }
}

function note(exchange: Exchange, index: i32, at: i32, bytes: i32): void {
  exchange.parameters[2 * index] = <u16>at;
  exchange.parameters[2 * index + 1] = <u16>bytes;
}

/** True if a part of a path is that text, which is ASCII, once it is decoded (RFC 3986 §6.2.2.2). */
function isPart(at: usize, bytes: i32, text: string): bool {
  if (equals(at, bytes, text)) return true;
  const end = at + <usize>bytes;
  if (bytes > PART_BYTES_MAX || findByte(at, end, PERCENT) == end) return false;
  const decoded = percentDecode(at, bytes, part, false);
  return decoded >= 0 && equals(part, decoded, text);
}


@final
export class Router implements HttpHandler {
  private readonly routes: Route[] = [];
  private other: HttpHandler | null = null;

  /** Has a handler answer what fits. */
  on(method: Method, pattern: string, handler: HttpHandler): Router {
    this.routes.push(new Route(method, pattern, handler));
    return this;
  }

  /** Has a handler answer everything else, instead of 404. It sees to methods itself. */
  otherwise(handler: HttpHandler): Router {
    this.other = handler;
    return this;
  }

  onRequest(exchange: Exchange): void {
    const request = exchange.request;
    const wanted = request.method == Method.HEAD ? Method.GET : request.method;
    const all = request.form == TargetForm.ASTERISK;
    /** A bit for each method that the path has. */
    let methods = 0;
    for (let i = 0; i < this.routes.length; i++) {
      const route = this.routes[i];
      if (!all) {
        if (wanted != route.method && methods & (1 << route.method)) continue;
        if (!route.fits(exchange)) continue;
        if (wanted == route.method) {
          route.handler.onRequest(exchange);
          return;
        }
      }
      methods |= 1 << route.method;
    }
    exchange.parameterNames = null;
    const other = this.other;
    if (methods == 0 && other !== null) other.onRequest(exchange);
    else if (methods == 0 && !all) exchange.sendError(404);
    else {
      exchange.setField("Allow", allowed(methods));
      if (wanted == Method.OPTIONS) exchange.sendEmpty(204);
      else exchange.sendError(405);
    }
  }
}

function allowed(methods: i32): string {
  let text = "OPTIONS";
  for (let method = 1; method < 32; method++) {
    if (!(methods & (1 << method)) || method == <i32>Method.OPTIONS) continue;
    text += `, ${methodText(method)}`;
    if (method == <i32>Method.GET) text += ", HEAD";
  }
  return text;
}
