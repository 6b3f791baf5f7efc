/** A console whose operator begins to read at a time of the test's choice. */
import { memoryConsole, type ConsoleBackend } from "@phantasm/host";
import { Limit } from "@phantasm/abi";

export class ReaderConsole implements ConsoleBackend {
  readonly #inner = memoryConsole({ open: true, capacityBytes: Limit.QUEUE_BYTES_MAX });
  readonly #chunks: Uint8Array[] = [];
  readonly #onFirst: () => void;
  #reading = false;
  #first = true;
  #scheduled = false;

  /** @param onFirst called once, after the step that wrote the first output */
  constructor(onFirst: () => void) {
    this.#onFirst = onFirst;
  }

  attach(wake: () => void): void {
    this.#inner.attach(wake);
  }

  write(bytes: Uint8Array): number {
    const accepted = this.#inner.write(bytes);
    this.#later();
    return accepted;
  }

  read(into: Uint8Array): number {
    return this.#inner.read(into);
  }

  /** From now on output is read as it comes. */
  startReading(): void {
    this.#reading = true;
    this.#later();
  }

  feed(bytes: Uint8Array): void {
    this.#inner.feed(bytes);
  }

  end(): void {
    this.#inner.end();
  }

  /** What has been read, and what still waits. */
  get output(): Uint8Array {
    this.#take();
    return Buffer.concat(this.#chunks);
  }

  drained(): Promise<void> {
    return Promise.resolve();
  }

  close(): void {
    this.#inner.close();
  }

  #later(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    queueMicrotask(() => {
      this.#scheduled = false;
      if (this.#first) {
        this.#first = false;
        this.#onFirst();
      }
      if (this.#reading) this.#take();
    });
  }

  #take(): void {
    const bytes = this.#inner.takeOutput();
    if (bytes.length > 0) this.#chunks.push(bytes);
  }
}
