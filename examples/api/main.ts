import { AccessLog, HttpServer, Method, Router, Site } from "@phantasm/http";
import { Devices } from "./.phantasm/devices";
import { Changes } from "./changes";
import { ListNotes } from "./list-notes";
import { Notes, Verb } from "./notes";

export function main(os: Devices): void {
  const store = os.notes;
  const router = new Router()
    .on(Method.GET, "/api/notes", new ListNotes(store))
    .on(Method.POST, "/api/notes", new Notes(os, Verb.MAKE))
    .on(Method.GET, "/api/notes/:id", new Notes(os, Verb.GET))
    .on(Method.PUT, "/api/notes/:id", new Notes(os, Verb.PUT))
    .on(Method.DELETE, "/api/notes/:id", new Notes(os, Verb.DELETE))
    .on(Method.GET, "/api/changes", new Changes(store))
    .otherwise(new Site(os.page));
  const server = new HttpServer(os.clock, router);
  if (os.arguments.log) server.access = new AccessLog(os.console);
  assert(server.listen(os.stack.tcp, <u16>os.arguments.port), "the port is taken");
}
