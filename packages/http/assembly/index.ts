export { AccessLog } from "./server/access-log";
export { Exchange, UNKNOWN_LENGTH } from "./server/exchange";
export { HttpCounters, HttpLimits } from "./server/limits";
export {
  AccessSink,
  ContentHandler,
  ContentSink,
  ErrorPages,
  HttpHandler,
  ResponseWriter,
} from "./server/handlers";
export { HttpServer } from "./server/server";
export { Router } from "./server/router";
export { Site, SiteOptions } from "./site/site";
export { Method } from "./wire/method";
