/** Types of records: their numbers, and what their data consist of, in order. */

/**
 * One item of data: `u8`, `u16`, `u32`; `time`, a `u32` that may have units; `a`, `aaaa`; `name`; `text`, one string
 * behind its length; `texts`, one or more of them, to the end; `hex` and `base64`, to the end; `octets`, the bytes of
 * one string, to the end; `tag` of CAA; `type`, a mnemonic; `parameters` of SVCB.
 */
export type Field =
  | "u8"
  | "u16"
  | "u32"
  | "time"
  | "a"
  | "aaaa"
  | "name"
  | "text"
  | "texts"
  | "octets"
  | "hex"
  | "base64"
  | "tag"
  | "parameters";

export interface RecordType {
  readonly code: number;
  readonly fields: readonly Field[];
  /** Names in the data may be compressed (RFC 3597 §4: only those of RFC 1035). */
  readonly compressible?: true;
  /** Addresses of the name in the data are sent along. */
  readonly target?: true;
}

export const TYPES: Readonly<Record<string, RecordType>> = {
  A: { code: 1, fields: ["a"] },
  NS: { code: 2, fields: ["name"], compressible: true, target: true },
  CNAME: { code: 5, fields: ["name"], compressible: true },
  SOA: {
    code: 6,
    fields: ["name", "name", "u32", "time", "time", "time", "time"],
    compressible: true,
  },
  PTR: { code: 12, fields: ["name"], compressible: true },
  HINFO: { code: 13, fields: ["text", "text"] },
  MX: { code: 15, fields: ["u16", "name"], compressible: true, target: true },
  TXT: { code: 16, fields: ["texts"] },
  RP: { code: 17, fields: ["name", "name"] },
  AFSDB: { code: 18, fields: ["u16", "name"], target: true },
  AAAA: { code: 28, fields: ["aaaa"] },
  SRV: { code: 33, fields: ["u16", "u16", "u16", "name"], target: true },
  NAPTR: { code: 35, fields: ["u16", "u16", "text", "text", "text", "name"] },
  KX: { code: 36, fields: ["u16", "name"], target: true },
  DNAME: { code: 39, fields: ["name"] },
  DS: { code: 43, fields: ["u16", "u8", "u8", "hex"] },
  SSHFP: { code: 44, fields: ["u8", "u8", "hex"] },
  DNSKEY: { code: 48, fields: ["u16", "u8", "u8", "base64"] },
  TLSA: { code: 52, fields: ["u8", "u8", "u8", "hex"] },
  SMIMEA: { code: 53, fields: ["u8", "u8", "u8", "hex"] },
  CDS: { code: 59, fields: ["u16", "u8", "u8", "hex"] },
  CDNSKEY: { code: 60, fields: ["u16", "u8", "u8", "base64"] },
  OPENPGPKEY: { code: 61, fields: ["base64"] },
  SVCB: { code: 64, fields: ["u16", "name", "parameters"], target: true },
  HTTPS: { code: 65, fields: ["u16", "name", "parameters"], target: true },
  SPF: { code: 99, fields: ["texts"] },
  URI: { code: 256, fields: ["u16", "u16", "octets"] },
  CAA: { code: 257, fields: ["u8", "tag", "octets"] },
};

const BY_CODE = new Map(Object.entries(TYPES).map(([name, type]) => [type.code, { name, type }]));

export const CODE = {
  A: 1,
  NS: 2,
  CNAME: 5,
  SOA: 6,
  MX: 15,
  AAAA: 28,
  SRV: 33,
  DNAME: 39,
  DS: 43,
  SVCB: 64,
  HTTPS: 65,
} as const;

/** RFC 6895 §3.1: types for questions and for messages; no record of a zone has one. */
const OPT = 41;
const META_FIRST = 128;
const META_LAST = 255;

export function typeOf(code: number): RecordType | undefined {
  return BY_CODE.get(code)?.type;
}

export function typeName(code: number): string {
  return BY_CODE.get(code)?.name ?? `TYPE${code}`;
}

/** The number of a type by its name, or as `TYPE65280` (RFC 3597 §5); null: there is none. */
export function typeCode(text: string): number | null {
  const upper = text.toUpperCase();
  const known = Object.hasOwn(TYPES, upper) ? TYPES[upper] : undefined;
  if (known) return known.code;
  const digits = /^TYPE(\d{1,5})$/.exec(upper)?.[1];
  return digits === undefined || Number(digits) > 0xffff ? null : Number(digits);
}

export function mayBeInZone(code: number): boolean {
  return code !== 0 && code !== OPT && !(code >= META_FIRST && code <= META_LAST);
}
