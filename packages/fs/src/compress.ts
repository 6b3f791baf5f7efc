/** Compression while an image is built, for servers that send what a client accepts. */
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { createHash } from "node:crypto";
import type { DataContext } from "phantasm";

export type Encoding = "br" | "gzip";

/** What stands behind the name of the file, in the order in which they are made. */
export const SUFFIXES: Readonly<Record<Encoding, string>> = { gzip: ".gz", br: ".br" };

/** A compressed file is kept when it is at least so much smaller: a client has to unpack it. */
const SAVING_MIN = 0.1;
/** Below, the headers of a response take more than could be saved. */
const BYTES_MIN = 256;

function gzip(bytes: Uint8Array): Uint8Array {
  const made = gzipSync(bytes, { level: constants.Z_BEST_COMPRESSION });
  // RFC 1952 §2.3: the field of the operating system, which zlib fills in.
  made[9] = 255;
  return made;
}

function brotli(bytes: Uint8Array): Uint8Array {
  return brotliCompressSync(bytes, {
    params: {
      [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY,
      [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
    },
  });
}

function pays(made: Uint8Array, bytes: Uint8Array): boolean {
  return made.length <= bytes.length * (1 - SAVING_MIN);
}

/** Those of the encodings that make a content clearly smaller. */
export function compress(
  context: DataContext,
  bytes: Uint8Array,
  encodings: readonly Encoding[],
): ReadonlyMap<Encoding, Uint8Array> {
  const made = new Map<Encoding, Uint8Array>();
  if (encodings.length === 0 || bytes.length < BYTES_MIN) return made;
  const { zlib, brotli: version } = process.versions;
  const key = createHash("sha256").update(bytes).digest("hex");
  const keep = (encoding: Encoding, make: () => Uint8Array): Uint8Array =>
    context.cached(`${encoding} ${zlib} ${version ?? ""} ${process.arch} ${key}`, make);
  // gzip is fast, and tells whether brotli is worth its time.
  const small = keep("gzip", () => gzip(bytes));
  if (!pays(small, bytes)) return made;
  if (encodings.includes("gzip")) made.set("gzip", small);
  if (!encodings.includes("br")) return made;
  const smaller = keep("br", () => brotli(bytes));
  if (pays(smaller, bytes)) made.set("br", smaller);
  return made;
}
