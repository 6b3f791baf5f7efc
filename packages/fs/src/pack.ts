/**
 * Writes files as BakedFiles (assembly/baked.ts) reads them, the same bytes for the same files:
 *
 *     u32 number of entries, u32 0
 *     entries of 40 bytes, see assembly/tree.ts: first the root, then the entries of each directory in turn
 *     texts, as strings of AssemblyScript
 *     names
 *     contents, each once
 *
 * All offsets count from the beginning.
 */
import { createHash } from "node:crypto";

export interface PackedFile {
  /** `docs/index.html` */
  readonly path: string;
  readonly bytes: Uint8Array;
  readonly mediaType: string;
  /** Found by its name, but not listed. */
  readonly unlisted: boolean;
}

const HEADER_BYTES = 8;
const ENTRY_BYTES = 40;
const DIRECTORY = 1;
const UNLISTED = 2;
/** Before the characters of a string: what the allocator and the collector keep, class and length. */
const STRING_HEADER_BYTES = 20;
const STRING_CLASS = 2;
const CONTENT_ALIGNMENT = 8;
/** Hexadecimal digits of the SHA-256 of a content: 128 bits tell contents apart. */
const DIGEST_CHARACTERS = 32;

interface Node {
  readonly name: string;
  readonly children: Map<string, Node>;
  file: PackedFile | null;
}

function treeOf(files: readonly PackedFile[]): Node {
  const root: Node = { name: "", children: new Map(), file: null };
  for (const file of files) {
    let node = root;
    for (const name of file.path.split("/")) {
      const next = node.children.get(name) ?? {
        name,
        children: new Map<string, Node>(),
        file: null,
      };
      node.children.set(name, next);
      node = next;
    }
    node.file = file;
  }
  return root;
}

function byBytes(a: Node, b: Node): number {
  return Buffer.compare(Buffer.from(a.name), Buffer.from(b.name));
}

/** Pieces of what is written, each once. */
class Pool {
  readonly pieces: Uint8Array[] = [];
  readonly #offsets = new Map<string, number>();
  #length: number;

  constructor(start: number) {
    this.#length = start;
  }

  get end(): number {
    return this.#length;
  }

  /** Where a piece lies that is known by its key. */
  add(key: string, alignment: number, piece: () => Uint8Array): number {
    const known = this.#offsets.get(key);
    if (known !== undefined) return known;
    this.align(alignment);
    const offset = this.#length;
    this.#offsets.set(key, offset);
    this.#push(piece());
    return offset;
  }

  align(alignment: number): void {
    const padding = -this.#length & (alignment - 1);
    if (padding > 0) this.#push(new Uint8Array(padding));
  }

  #push(piece: Uint8Array): void {
    this.pieces.push(piece);
    this.#length += piece.length;
  }
}

/** A string as the compiler lays one out in static data. */
function stringBytes(text: string): Uint8Array {
  const bytes = Buffer.alloc(STRING_HEADER_BYTES + 2 * text.length);
  bytes.writeUInt32LE(STRING_CLASS, 12);
  bytes.writeUInt32LE(2 * text.length, 16);
  bytes.write(text, STRING_HEADER_BYTES, "utf16le");
  return bytes;
}

function digestOf(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** @param modifiedNs of all files and directories, in ns since 1970 */
export function pack(files: readonly PackedFile[], modifiedNs: bigint): Uint8Array {
  const nodes = [treeOf(files)];
  const first: number[] = [];
  // The list grows while it is gone through.
  for (const { children } of nodes) {
    first.push(nodes.length);
    nodes.push(...[...children.values()].sort(byBytes));
  }
  const table = Buffer.alloc(HEADER_BYTES + ENTRY_BYTES * nodes.length);
  table.writeUInt32LE(nodes.length, 0);
  const pool = new Pool(table.length);
  const text = (value: string): number =>
    value === "" ? 0 : pool.add(`text ${value}`, 4, () => stringBytes(value)) + STRING_HEADER_BYTES;
  const digests = nodes.map(({ file }) => (file ? digestOf(file.bytes) : ""));
  nodes.forEach(({ file, children }, index) => {
    const at = HEADER_BYTES + ENTRY_BYTES * index;
    table.writeUInt16LE(file ? (file.unlisted ? UNLISTED : 0) : DIRECTORY, at + 6);
    table.writeUInt32LE(
      file ? text(digests[index]?.slice(0, DIGEST_CHARACTERS) ?? "") : (first[index] ?? 0),
      at + 8,
    );
    table.writeUInt32LE(file ? text(file.mediaType) : children.size, at + 12);
    table.writeBigUInt64LE(BigInt(file?.bytes.length ?? 0), at + 16);
    table.writeBigInt64LE(modifiedNs, at + 32);
  });
  nodes.forEach(({ name }, index) => {
    const at = HEADER_BYTES + ENTRY_BYTES * index;
    const bytes = Buffer.from(name);
    table.writeUInt32LE(
      pool.add(`name ${name}`, 1, () => bytes),
      at,
    );
    table.writeUInt16LE(bytes.length, at + 4);
  });
  nodes.forEach(({ file }, index) => {
    if (!file) return;
    const offset = pool.add(`content ${digests[index] ?? ""}`, CONTENT_ALIGNMENT, () => file.bytes);
    table.writeBigUInt64LE(BigInt(offset), HEADER_BYTES + ENTRY_BYTES * index + 24);
  });
  return Buffer.concat([table, ...pool.pieces]);
}
