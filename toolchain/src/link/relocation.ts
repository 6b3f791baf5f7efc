/** How byte offsets move when a module is rewritten, for source maps. */
import { decode, encode, type SourceMapSegment } from "@jridgewell/sourcemap-codec";

/** A list of moves in ascending order. */
export class Relocation {
  readonly #offsets: number[] = [];
  readonly #shifts: number[] = [];

  /** From the old offset on, bytes lie `shift` further than they did. Offsets MUST ascend. */
  from(offset: number, shift: number): void {
    if (this.#shifts.at(-1) === shift) return;
    this.#offsets.push(offset);
    this.#shifts.push(shift);
  }

  /** The new offset of an old one. */
  apply(offset: number): number {
    let low = 0;
    let high = this.#offsets.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#offsets[middle] ?? 0) <= offset) low = middle + 1;
      else high = middle;
    }
    return offset + (this.#shifts[low - 1] ?? 0);
  }
}

interface SourceMap {
  readonly sources: readonly string[];
  readonly mappings: string;
}

/** The source map of a sealed image; columns are byte offsets into the file. */
export interface ImageSourceMap {
  readonly version: 3;
  readonly file: string;
  readonly sources: readonly string[];
  readonly sourcesContent: readonly (string | null)[];
  readonly names: readonly string[];
  readonly mappings: string;
  /** Digest of the image it belongs to; the host does not use a map of another. */
  readonly x_phantasm_digest: string;
  /** Names of classes by their number at run time. */
  readonly x_phantasm_classes: readonly string[];
}

/** A source map taken apart: where a byte of the module comes from. */
export class ModuleSourceMap {
  /** Names of sources as the compiler gave them. */
  readonly sources: readonly string[];
  /** `[offset, source, line, column]`, offsets ascending. */
  readonly #segments: SourceMapSegment[];

  /**
   * @param text as the optimiser emitted it
   * @param move old offset to new
   */
  constructor(text: string, move: (offset: number) => number) {
    const { sources, mappings } = JSON.parse(text) as SourceMap;
    this.sources = sources;
    this.#segments = decode(mappings).flat();
    for (const segment of this.#segments) segment[0] = move(segment[0]);
  }

  /** Bytes of a range by source; those before the range's first position count for `undefined`. */
  *bytesBySource(start: number, end: number): Iterable<readonly [string | undefined, number]> {
    let low = 0;
    let high = this.#segments.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#segments[middle]?.[0] ?? 0) < start) low = middle + 1;
      else high = middle;
    }
    let at = start;
    let source: string | undefined;
    for (; low < this.#segments.length; low++) {
      const segment = this.#segments[low];
      if (!segment || segment[0] >= end) break;
      if (segment[0] > at) yield [source, segment[0] - at];
      at = segment[0];
      source = segment.length > 1 ? this.sources[segment[1] ?? 0] : undefined;
    }
    yield [source, end - at];
  }

  /**
   * The map as a file beside the image, with the sources that occur in it.
   *
   * @param shift how far sealing moves the module
   * @param contents text of a source
   */
  render(
    shift: number,
    contents: (name: string) => string | undefined,
    image: {
      readonly file: string;
      readonly digest: string;
      readonly classes: readonly string[];
    },
  ): ImageSourceMap {
    const used = new Map<number, number>();
    const segments = this.#segments.map((segment): SourceMapSegment => {
      if (segment.length === 1) return [segment[0] + shift];
      const source = used.get(segment[1]) ?? used.size;
      used.set(segment[1], source);
      return [segment[0] + shift, source, segment[2], segment[3]];
    });
    const sources = [...used.keys()].map((index) => this.sources[index] ?? "");
    return {
      version: 3,
      file: image.file,
      sources,
      sourcesContent: sources.map((name) => contents(name) ?? null),
      names: [],
      mappings: encode([segments]),
      x_phantasm_digest: image.digest,
      x_phantasm_classes: image.classes,
    };
  }
}
