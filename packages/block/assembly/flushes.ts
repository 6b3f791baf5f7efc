import { Layer, Request, RequestQueue } from "./layer";

/**
 * A layer whose flush takes several steps: one is under way, and serves all that were asked for when it began; the
 * next serves those that came meanwhile.
 */
export abstract class FlushingLayer extends Layer {
  private readonly asked: RequestQueue = new RequestQueue();
  private readonly served: RequestQueue = new RequestQueue();

  /** Begins a flush: `endFlush` ends it. */
  protected abstract beginFlush(): void;

  protected get isFlushing(): bool {
    return this.served.first !== null;
  }

  /** The request that stands for those that are served: its operation is the flush's to use. */
  protected get flushRequest(): Request {
    return this.served.first!;
  }

  protected askFlush(request: Request): void {
    this.asked.append(request);
    if (!this.isFlushing) this.serve();
  }

  protected endFlush(status: i32): void {
    for (let request = this.served.take(); request !== null; request = this.served.take())
      this.finish(request, status);
    if (this.asked.first !== null) this.serve();
  }

  private serve(): void {
    this.served.moveFrom(this.asked);
    this.beginFlush();
  }
}
