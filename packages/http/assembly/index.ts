export { AccessLog } from "./server/access-log";
export { EventStream, EventStreamHandler } from "./server/event-stream";
export { UNKNOWN_LENGTH } from "./server/answer";
export { Exchange } from "./server/exchange";
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
export { JSON_DEPTH_MAX, JsonReader, JsonToken } from "./json/json-reader";
export { JsonWriter } from "./json/json-writer";
export { Method } from "./wire/method";
export { Router } from "./server/router";
export { Site, SiteOptions } from "./site/site";
export { CloseCode } from "./websocket/frame";
export { WebSocket, WebSocketHandler, WebSocketLimits } from "./websocket/websocket";
export { Call, CallHandler, MALFORMED, REDIRECTED } from "./client/call";
export { ClientLimits, HttpClient } from "./client/client";
export { Attempt, ConnectedHandler, Connector, DialConnector } from "./client/connector";
export { HttpUrl } from "./client/url";
