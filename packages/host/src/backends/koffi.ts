/**
 * koffi calls the C library where Node has no door to it. It is an optional dependency, loaded when first
 * needed: 7 ms.
 */

const PACKAGE: string = "koffi";

/** What is used of koffi. */
export interface Koffi {
  load(library: null): {
    func(name: string, result: string, parameters: readonly string[]): unknown;
  };
  address(value: Uint8Array): bigint;
  sizeof(type: string): number;
  errno(): number;
}

let loaded: Promise<Koffi | null> | null = null;

/** Null when koffi is not installed, or not for this machine. */
export function loadKoffi(): Promise<Koffi | null> {
  // Named so that neither the compiler nor the bundler looks for what may not be installed.
  loaded ??= import(PACKAGE).then(
    (module: { default: Koffi }) => module.default,
    () => null,
  );
  return loaded;
}

/** Where a buffer lies. V8 moves no buffer that is outside its heap, as that of a memory is. */
export function addressOf(koffi: Koffi, buffer: ArrayBufferLike): number {
  return Number(koffi.address(new Uint8Array(buffer)));
}

/** The address of what a view shows, without asking again for the same buffer. */
export class Addresses {
  readonly #source: { addressOf(buffer: ArrayBufferLike): number };
  #buffer: ArrayBufferLike | null = null;
  #base = 0;

  constructor(source: { addressOf(buffer: ArrayBufferLike): number }) {
    this.#source = source;
  }

  /** Valid until the caller returns to the event loop. A memory that has grown shows another buffer. */
  of(view: Uint8Array): number {
    if (view.buffer !== this.#buffer) {
      this.#buffer = view.buffer;
      this.#base = this.#source.addressOf(view.buffer);
    }
    return this.#base + view.byteOffset;
  }

  forget(): void {
    this.#buffer = null;
  }
}
