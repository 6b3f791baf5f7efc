/** Reads what references lead to, each page once: whatever a device holds, a visit ends. */
import { getNumber, view, type Reference } from "./bytes.js";
import { Claims } from "./claims.js";
import { Damage } from "./damage.js";
import type { Source } from "./device.js";
import { HEAD_BYTES, META_PAGES, PAGE_BYTES, PAGE_KIND_NAMES, type PageKind } from "./layout.js";
import type { Meta } from "./meta.js";
import { xxh64 } from "./xxh64.js";

/** Told of what is wrong. One that only reads throws it; one that checks goes on with the rest. */
export type OnDamage = (damage: Damage) => void;

export function stopAtDamage(damage: Damage): never {
  throw damage;
}

/** The place of a page in the store, for messages. */
export interface Origin {
  readonly kind: PageKind;
  /** The page that refers to it, or words: `the meta page`. */
  readonly from: number | string;
}

export function placeOf(page: number, { kind, from }: Origin): string {
  const origin = typeof from === "number" ? `page ${from}` : from;
  return `page ${page} (${PAGE_KIND_NAMES[kind]}, reached from ${origin})`;
}

export class Visit {
  readonly source: Source;
  readonly meta: Meta;
  readonly claims: Claims;
  readonly onDamage: OnDamage;
  /** Called for each piece that was read, with the pages it has. */
  onProgress: (pages: number) => void = () => undefined;
  /** Damages told. */
  damages = 0;

  constructor(source: Source, meta: Meta, onDamage: OnDamage) {
    this.source = source;
    this.meta = meta;
    this.onDamage = onDamage;
    this.claims = new Claims(meta.pages);
    this.claims.claim(0, META_PAGES + meta.logPages);
  }

  report(where: string, what: string): void {
    this.damages++;
    this.onDamage(new Damage(where, what));
  }

  /** Reads a page with a head into `into`. False, and the damage is told, when it is not what the reference says. */
  page(reference: Reference, origin: Origin, into: Uint8Array): boolean {
    const { page } = reference;
    const where = placeOf(page, origin);
    if (!this.read(page, into, reference.checksum, where)) return false;
    const fields = view(into);
    const kind = fields.getUint8(0);
    const own = getNumber(fields, 8);
    const generation = fields.getBigUint64(16, true);
    const wrong =
      kind !== origin.kind.valueOf()
        ? `it is of kind ${kind}`
        : own !== page
          ? `it says it is page ${own}`
          : generation === 0n || generation > this.meta.generation + 1n
            ? `it says it was written in generation ${generation}, and the store is in ${this.meta.generation}`
            : null;
    if (wrong === null) return true;
    this.report(where, wrong);
    return false;
  }

  /**
   * Reads bytes at the beginning of a page, with the page number as the seed of their checksum, and
   * claims the pages they are in: `pages`, or those that they fill.
   */
  read(
    page: number,
    into: Uint8Array,
    checksum: bigint,
    where: string,
    pages = Math.ceil(into.length / PAGE_BYTES),
  ): boolean {
    if (page + pages > this.meta.pages) {
      this.report(where, `it lies outside of the store, which has ${this.meta.pages} pages`);
      return false;
    }
    if (!this.claims.claim(page, pages)) {
      this.report(where, "it is used twice: something else in the store is there too");
      return false;
    }
    this.onProgress(pages);
    try {
      this.source.read(into, page * PAGE_BYTES);
    } catch (error) {
      this.report(where, `it cannot be read: ${error instanceof Error ? error.message : "?"}`);
      return false;
    }
    const found = xxh64(into, page);
    if (found === checksum) return true;
    this.report(
      where,
      `its checksum does not fit: ${hexadecimal(found)}, and its reference says ${hexadecimal(checksum)}`,
    );
    return false;
  }
}

export function hexadecimal(value: bigint): string {
  return value.toString(16).padStart(16, "0");
}

/** What the head of a page of this kind must have where it uses nothing. */
export function unusedHead(bytes: Uint8Array, offsets: readonly number[]): boolean {
  const fields = view(bytes.subarray(0, HEAD_BYTES));
  return offsets.every((at) => fields.getUint16(at, true) === 0);
}
