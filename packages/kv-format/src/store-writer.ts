/** Makes a store on a device from entries in the order of their keys, in one pass and with bounded memory. */
import { setReference, view, getReference, setNumber, NOWHERE, type Reference } from "./bytes.js";
import { treeKey } from "./cells.js";
import type { Device } from "./device.js";
import { expiryKey } from "./expiry.js";
import {
  CellFlag,
  ELSEWHERE_BYTES,
  indexPagesOf,
  LEAF_CELL_BYTES_MAX,
  LEAF_CELL_HEAD_BYTES,
  logPagesOf,
  MAP_AT,
  mapPagesOf,
  MAPS_PER_INDEX,
  META_PAGES,
  PAGE_BYTES,
  PageKind,
  PAGES_PER_MAP,
  REFERENCE_BYTES,
  STORE_PAGES_MAX,
  STORE_PAGES_MIN,
  type LogUnitBytes,
} from "./layout.js";
import { encodeMeta, metaPageOf } from "./meta.js";
import { PageWriter } from "./page-writer.js";
import { Sorter } from "./sort.js";
import { Spool } from "./spool.js";
import { InnerWriter, LeafWriter, type LeafSink } from "./tree-writer.js";
import { ValueWriter } from "./value-writer.js";

export interface EntryHead {
  readonly key: Uint8Array;
  readonly version: bigint;
  readonly expires: bigint | null;
}

export interface StoreWriterOptions {
  /** The sector of the device the store is for, or a multiple. */
  readonly logUnitBytes: LogUnitBytes;
}

export interface WrittenStore {
  readonly entries: number;
  readonly usedBytes: number;
  readonly storeBytes: number;
  readonly depth: number;
}

/** Leaves of users' entries, until those of the expiry index, which come first, are known. */
class SpooledLeaves implements LeafSink {
  readonly spool = new Spool();

  leaf(separator: Uint8Array, reference: Reference): void {
    const item = new Uint8Array(REFERENCE_BYTES + separator.length);
    setReference(view(item), 0, reference);
    item.set(separator, REFERENCE_BYTES);
    this.spool.append(item);
  }

  replay(sink: LeafSink): void {
    for (const item of this.spool.items(0, this.spool.position))
      sink.leaf(item.subarray(REFERENCE_BYTES), getReference(view(item), 0));
  }
}

/** `put` or `begin`, `write` …, `end` for each entry; then `finish`. `close` in any case. */
export class StoreWriter {
  readonly #device: Device;
  readonly #logUnitBytes: LogUnitBytes;
  readonly #storePages: number;
  readonly #logPages: number;
  readonly #pages: PageWriter;
  readonly #userLeaves = new SpooledLeaves();
  readonly #leaves: LeafWriter;
  readonly #values: ValueWriter;
  readonly #expiries = new Sorter();
  #entries = 0;
  #version = 0n;

  /** What the device held is lost from here on. @throws RangeError when its size is none for a store */
  constructor(device: Device, { logUnitBytes }: StoreWriterOptions) {
    const pages = Math.floor(device.bytes / PAGE_BYTES);
    if (pages < STORE_PAGES_MIN || pages > STORE_PAGES_MAX)
      throw new RangeError(
        `a store has ${STORE_PAGES_MIN * PAGE_BYTES} to ${STORE_PAGES_MAX * PAGE_BYTES} bytes, not ${device.bytes}`,
      );
    this.#device = device;
    this.#logUnitBytes = logUnitBytes;
    this.#storePages = pages;
    this.#logPages = logPagesOf(pages);
    const first = META_PAGES + this.#logPages;
    this.#pages = new PageWriter(device, first, pages - mapPagesOf(pages) - indexPagesOf(pages));
    this.#leaves = new LeafWriter(this.#pages, this.#userLeaves);
    this.#values = new ValueWriter(this.#pages);
    // Neither an old meta page nor old records may ever count again.
    for (let page = 0; page < first; page++)
      device.write(new Uint8Array(PAGE_BYTES), page * PAGE_BYTES);
    device.sync();
  }

  /** @throws FullError */
  put(head: EntryHead, value: Uint8Array): void {
    const bytes = LEAF_CELL_HEAD_BYTES + (head.expires === null ? 0 : 8) + 1 + head.key.length;
    if (bytes + value.length <= LEAF_CELL_BYTES_MAX) {
      this.#add(head, 0, value);
      return;
    }
    this.write(value);
    this.end(head, value.length);
  }

  /** The next bytes of a value. @throws FullError */
  write(bytes: Uint8Array): void {
    this.#values.write(bytes);
  }

  /** The value that was written is that of this entry. */
  end(head: EntryHead, size: number): void {
    const value = new Uint8Array(ELSEWHERE_BYTES);
    setNumber(view(value), 0, size);
    const { first, isDirect } = this.#values.finish();
    setReference(view(value), 8, first);
    this.#add(head, CellFlag.ELSEWHERE | (isDirect ? CellFlag.DIRECT : 0), value);
  }

  /**
   * Makes the store durable: the meta page comes last, after all it leads to.
   *
   * @param identity of the store; version: that of the last batch there was
   * @throws FullError
   */
  finish(identity: bigint, version: bigint): WrittenStore {
    this.#leaves.finish();
    const inner = new InnerWriter(this.#pages);
    const index = new LeafWriter(this.#pages, inner);
    for (const key of this.#expiries.sorted())
      index.add(key, leafCell(key, 0n, null, 0, new Uint8Array(0)));
    index.finish();
    this.#userLeaves.replay(inner);
    const { root, levels } = inner.finish();
    const { indexes, usedPages } = this.#writeMap();
    this.#device.sync();
    const generation = 1n;
    const meta = encodeMeta({
      identity,
      generation,
      pages: this.#storePages,
      logPages: this.#logPages,
      logUnitBytes: this.#logUnitBytes,
      epoch: 1n,
      logPosition: 0,
      sequence: 1n,
      chain: 0n,
      root: levels === 0 ? NOWHERE : root,
      levels,
      entries: this.#entries,
      version: version > this.#version ? version : this.#version,
      usedPages,
      indexes,
    });
    const at = metaPageOf(generation) * PAGE_BYTES;
    this.#device.write(meta, at);
    this.#device.write(meta, at + PAGE_BYTES);
    this.#device.sync();
    return {
      entries: this.#entries,
      usedBytes: usedPages * PAGE_BYTES,
      storeBytes: this.#storePages * PAGE_BYTES,
      depth: levels,
    };
  }

  close(): void {
    this.#userLeaves.spool.close();
    this.#expiries.close();
  }

  #add({ key, version, expires }: EntryHead, flags: number, value: Uint8Array): void {
    const inTree = treeKey(key);
    this.#leaves.add(inTree, leafCell(inTree, version, expires, flags, value));
    if (expires !== null) this.#expiries.add(expiryKey(expires, key));
    if (version > this.#version) this.#version = version;
    this.#entries++;
  }

  /** What is in use lies together, from page 0 on. */
  #writeMap(): { readonly indexes: readonly Reference[]; readonly usedPages: number } {
    const maps = mapPagesOf(this.#storePages);
    this.#pages.flush();
    const usedPages = this.#pages.next + maps + indexPagesOf(this.#storePages);
    const writer = new PageWriter(this.#device, this.#pages.next, this.#storePages);
    const references: Reference[] = [];
    for (let map = 0; map < maps; map++) {
      const page = new Uint8Array(PAGE_BYTES);
      const used = Math.min(PAGES_PER_MAP, Math.max(0, usedPages - map * PAGES_PER_MAP));
      page.fill(0xff, MAP_AT, MAP_AT + (used >> 3));
      if ((used & 7) !== 0) page[MAP_AT + (used >> 3)] = (1 << (used & 7)) - 1;
      references.push(writer.appendPage(page, PageKind.MAP));
    }
    const indexes: Reference[] = [];
    for (let first = 0; first < maps; first += MAPS_PER_INDEX) {
      const page = new Uint8Array(PAGE_BYTES);
      const some = references.slice(first, first + MAPS_PER_INDEX);
      view(page).setUint16(2, some.length, true);
      for (const [at, reference] of some.entries())
        setReference(view(page), MAP_AT + at * REFERENCE_BYTES, reference);
      indexes.push(writer.appendPage(page, PageKind.INDEX));
    }
    writer.flush();
    return { indexes, usedPages };
  }
}

function leafCell(
  key: Uint8Array,
  version: bigint,
  expires: bigint | null,
  flags: number,
  value: Uint8Array,
): Uint8Array {
  const headBytes = LEAF_CELL_HEAD_BYTES + (expires === null ? 0 : 8);
  const cell = new Uint8Array(headBytes + key.length + value.length);
  const fields = view(cell);
  fields.setUint16(0, key.length, true);
  fields.setUint16(2, flags | (expires === null ? 0 : CellFlag.EXPIRES), true);
  fields.setUint32(4, value.length, true);
  fields.setBigUint64(8, version, true);
  if (expires !== null) fields.setBigUint64(LEAF_CELL_HEAD_BYTES, expires, true);
  cell.set(key, headBytes);
  cell.set(value, headBytes + key.length);
  return cell;
}
