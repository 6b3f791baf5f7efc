import { NO_DEADLINE } from "@phantasm/abi";
import { WaitQueue, wait } from "@phantasm/fibre";
import { Call, CallHandler, ClientLimits, DialConnector, HttpClient } from "@phantasm/http";
import { BAD_NAME, Clock } from "@phantasm/interfaces";
import { untilUp } from "@phantasm/socket";
import { Stack } from "@phantasm/stack";

/** What came of a request. */
@final
export class Reply implements CallHandler {
  /** 0: there is an answer, whatever its status. Else negative: see `CallHandler`; BAD_NAME: that is no URL of `http`. */
  error: i32 = 0;
  private isOver: bool = false;
  private call: Call | null = null;
  private readonly waiters: WaitQueue = new WaitQueue("an answer of HTTP");

  /** Of the answer; 0: there is none. */
  get status(): i32 {
    const call = this.call;
    return call === null || this.error != 0 ? 0 : call.status;
  }

  /** The value of the first field of that name; null: there is none. @param name in lower case */
  field(name: string): string | null {
    const call = this.call;
    return call === null ? null : call.field(name);
  }

  /** The content as text; what is not UTF-8 is replaced. */
  text(): string {
    const call = this.call;
    return call === null ? "" : call.text();
  }

  /** The content. */
  get content(): Uint8Array {
    const call = this.call;
    return call === null ? new Uint8Array(0) : call.content.subarray(0, call.contentBytes);
  }

  onResponse(call: Call): void {
    this.isOver = true;
    this.waiters.wakeAll();
  }

  onFailed(call: Call, error: i32): void {
    this.error = error;
    this.onResponse(call);
  }

  /** For the client. */
  complete(call: Call | null, deadlineNs: i64): Reply {
    this.call = call;
    if (call === null) {
      this.error = BAD_NAME;
      return this;
    }
    call.start();
    while (!this.isOver) {
      const outcome = wait(this.waiters, deadlineNs);
      if (outcome == 0) continue;
      call.cancel();
      this.error = outcome;
      return this;
    }
    return this;
  }
}

/** Makes requests, and waits for what comes of them. */
@final
export class FibreClient {
  readonly client: HttpClient;

  constructor(
    private readonly stack: Stack,
    clock: Clock,
    limits: ClientLimits = new ClientLimits(),
  ) {
    this.client = new HttpClient(new DialConnector(stack.dial), clock, limits);
  }

  get(url: string, deadlineNs: i64 = NO_DEADLINE): Reply {
    return this.send("GET", url, "", null, deadlineNs);
  }

  post(url: string, type: string, content: Uint8Array, deadlineNs: i64 = NO_DEADLINE): Reply {
    return this.send("POST", url, type, content, deadlineNs);
  }

  /** @param content null: none */
  send(
    method: string,
    url: string,
    type: string,
    content: Uint8Array | null,
    deadlineNs: i64 = NO_DEADLINE,
  ): Reply {
    const reply = new Reply();
    reply.error = untilUp(this.stack, deadlineNs);
    if (reply.error != 0) return reply;
    const call = this.client.request(method, url, reply);
    if (call !== null && content !== null) call.setContent(type, content);
    return reply.complete(call, deadlineNs);
  }
}
