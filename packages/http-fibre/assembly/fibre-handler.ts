import { Fibre, spawn } from "@phantasm/fibre";
import { Exchange, HttpHandler } from "@phantasm/http";
import { Conversation } from "./conversation";

/** Answers a request; may wait. */
export interface FibreResponder {
  respond(client: Conversation): void;
}


@final
class Responding extends Fibre {
  constructor(
    private readonly handler: FibreHandler,
    private readonly client: Conversation,
  ) {
    super("an answer");
  }

  run(): i32 {
    this.handler.responder.respond(this.client);
    this.client.finish();
    this.handler.fibres--;
    return 0;
  }
}

/** Has a fibre of its own answer each request. */
@final
export class FibreHandler implements HttpHandler {
  /** Fibres that are answering. */
  fibres: i32 = 0;

  /** @param fibresMax at once: the next request is answered with 503 */
  constructor(
    readonly responder: FibreResponder,
    private readonly fibresMax: i32,
  ) {}

  onRequest(exchange: Exchange): void {
    if (this.fibres == this.fibresMax) {
      exchange.sendError(503);
      return;
    }
    this.fibres++;
    spawn(new Responding(this, new Conversation(exchange)));
  }
}
