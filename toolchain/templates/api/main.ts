import { AccessLog, HttpServer, JsonReader, JsonWriter, Method, Router } from "@phantasm/http";
import { Conversation, FibreHandler, FibreResponder } from "@phantasm/http-fibre";
import { NOT_FOUND, Value } from "@phantasm/interfaces";
import { Store } from "@phantasm/storage";
import { Devices } from "./.phantasm/devices";

/** Bytes of a document. */
const ITEM_BYTES_MAX: i32 = 32_768;
/** Bytes of a name. */
const NAME_BYTES_MAX: i32 = 200;
/** Names of one list. */
const LIST_NAMES_MAX: i32 = 1000;
/** Requests that are answered at once; the next one gets 503. */
const REQUESTS_MAX: i32 = 200;

/** One document: read, written or removed. */
class Item implements FibreResponder {
  private readonly json: JsonReader = new JsonReader();

  constructor(private readonly store: Store) {}

  respond(client: Conversation): void {
    const key = Uint8Array.wrap(String.UTF8.encode(client.request.parameter("name")));
    const method = client.request.method;
    if (key.length == 0 || key.length > NAME_BYTES_MAX) client.sendError(404);
    else if (method == Method.PUT) this.put(client, key);
    else if (method == Method.DELETE) answer(client, this.store.delete(key));
    else this.get(client, key);
  }

  private get(client: Conversation, key: Uint8Array): void {
    const value = new Value();
    const length = this.store.get(key, value);
    if (length < 0) answer(client, length);
    else client.sendBytes(200, "application/json", value.copy());
  }

  private put(client: Conversation, key: Uint8Array): void {
    const document = client.readAll(ITEM_BYTES_MAX);
    // It broke off, or was too large: that has been answered.
    if (document === null) return;
    if (this.isJson(document)) answer(client, this.store.put(key, document));
    else client.sendError(422);
  }

  private isJson(document: Uint8Array): bool {
    this.json.begin(document, 0, document.length);
    return this.json.skip() && this.json.isWhole();
  }
}

/** The names of all documents, in their order; `?from=NAME` goes on there. */
class List implements FibreResponder {
  constructor(private readonly store: Store) {}

  respond(client: Conversation): void {
    const from = client.request.query("from");
    let start: Uint8Array | null = null;
    if (from !== null) start = Uint8Array.wrap(String.UTF8.encode(from));
    const scan = this.store.scan(null, start);
    const json = new JsonWriter().array();
    let result = scan.next();
    for (let names = 0; result == 1 && names < LIST_NAMES_MAX; names++, result = scan.next())
      json.text(scan.keyText);
    if (result < 0) answer(client, result);
    else client.sendJson(200, json.end());
  }
}

/** What an outcome of the store means to a client. */
function answer(client: Conversation, outcome: i32): void {
  if (outcome == 0) client.sendEmpty(204);
  else client.sendError(outcome == NOT_FOUND ? 404 : 507);
}

export function main(os: Devices): void {
  const store = new Store(os.store);
  const item = new FibreHandler(new Item(store), REQUESTS_MAX);
  const router = new Router()
    .on(Method.GET, "/items", new FibreHandler(new List(store), REQUESTS_MAX))
    .on(Method.GET, "/items/:name", item)
    .on(Method.PUT, "/items/:name", item)
    .on(Method.DELETE, "/items/:name", item);
  const server = new HttpServer(os.clock, router);
  if (os.arguments.log) server.access = new AccessLog(os.console);
  assert(server.listen(os.stack.tcp, 80), "the port is taken");
}
