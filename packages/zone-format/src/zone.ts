/** A zone: its records by name and type, and what must hold among them. */
import { NAME_BYTES_MAX, ROOT, firstLabel, isWithin, lower, nameText, parentOf } from "./name.js";
import type { ZoneRecord } from "./master-file.js";
import type { Problems } from "./problems.js";
import { CODE, typeName, typeOf } from "./types.js";

export interface RecordSet {
  readonly type: number;
  readonly ttl: number;
  readonly records: readonly ZoneRecord[];
}

export interface ZoneName {
  /** In wire form, as it is written first. */
  readonly name: string;
  /** In the order of types. */
  readonly sets: readonly RecordSet[];
}

export interface Zone {
  readonly apex: string;
  /** By name in lower case. */
  readonly names: ReadonlyMap<string, ZoneName>;
}

/** A message of TCP holds so much, header, question and EDNS included; less is left for one set. */
const SET_BYTES_MAX = 65_535 - 12 - NAME_BYTES_MAX - 4 - 64;

/** The name that an address becomes where a name is expected. */
const ADDRESS = /^(\d{1,3}\.){4}/;

/** The name in data at `at`, in lower case. */
export function nameIn(bytes: Buffer, at: number): string {
  let end = at;
  while ((bytes[end] ?? 0) > 0) end += 1 + (bytes[end] ?? 0);
  return lower(bytes.toString("latin1", at, end + 1));
}

export function targetOf(record: ZoneRecord): string {
  return nameIn(record.data.bytes, record.data.nameAt);
}

/** The second name of a SOA record. */
function mailboxOf({ data: { bytes } }: ZoneRecord): string {
  return nameIn(bytes, nameIn(bytes, 0).length);
}

/** Where one is, for a message about another. */
function line({ file, position }: ZoneRecord, from: ZoneRecord): string {
  return file === from.file ? `in line ${position.line}` : `in ${file}:${position.line}`;
}

class Check {
  readonly #names = new Map<string, { name: string; sets: Map<number, ZoneRecord[]> }>();

  constructor(
    readonly records: readonly ZoneRecord[],
    readonly apex: string,
    readonly problems: Problems,
  ) {}

  error({ file, position }: ZoneRecord, message: string): void {
    this.problems.error(file, position, message);
  }

  warning({ file, position }: ZoneRecord, message: string): void {
    this.problems.warning(file, position, message);
  }

  run(): Zone {
    for (const record of this.records) this.#add(record);
    for (const [key, { sets }] of this.#names) this.#name(key, sets);
    this.#apex();
    for (const [key, { sets }] of this.#names) {
      if (this.problems.tooMany) break;
      this.#targets(key, sets);
    }
    const names = new Map<string, ZoneName>();
    for (const [key, { name, sets }] of this.#names) {
      const ordered = [...sets]
        .sort(([a], [b]) => a - b)
        .map(([type, records]) => ({ type, ttl: records[0]?.ttl ?? 0, records }));
      names.set(key, { name, sets: ordered });
    }
    return { apex: this.apex, names };
  }

  #sets(key: string, type: number): readonly ZoneRecord[] | undefined {
    return this.#names.get(key)?.sets.get(type);
  }

  #add(record: ZoneRecord): void {
    const { key, type } = record;
    if (!isWithin(key, this.apex)) {
      this.error(
        record,
        `${nameText(record.owner)} is not in the zone ${nameText(this.apex)}: is a dot at its end too much, or $ORIGIN missing?`,
      );
      return;
    }
    let name = this.#names.get(key);
    if (!name) this.#names.set(key, (name = { name: record.owner, sets: new Map() }));
    const set = name.sets.get(type);
    if (!set) name.sets.set(type, [record]);
    else set.push(record);
  }

  #name(key: string, sets: ReadonlyMap<number, readonly ZoneRecord[]>): void {
    for (const [type, set] of sets) this.#set(type, set);
    const alias = sets.get(CODE.CNAME)?.[0];
    if (alias && sets.size > 1)
      this.error(
        alias,
        `${nameText(key)} has a CNAME and other records (${[...sets.keys()]
          .filter((type) => type !== CODE.CNAME)
          .map(typeName)
          .join(", ")}): keep either (RFC 1034 §3.6.2)`,
      );
    const delegation = sets.get(CODE.NS)?.[0];
    const redirection = sets.get(CODE.DNAME)?.[0];
    if (delegation && redirection && key !== this.apex)
      this.error(redirection, `${nameText(key)} has a DNAME and NS: keep either (RFC 6672 §2.3)`);
    if (firstLabel(key) === "*" && (delegation ?? redirection))
      this.error(
        delegation ?? redirection ?? this.records[0]!,
        `a wildcard cannot have ${delegation ? "NS" : "a DNAME"}: what it would mean is not defined (RFC 4592 §4)`,
      );
    for (let above = key; above !== this.apex;) {
      above = parentOf(above);
      if (this.#sets(above, CODE.DNAME)) {
        const first = [...sets.values()][0]?.[0];
        if (first)
          this.error(
            first,
            `nothing may be below ${nameText(above)}, which has a DNAME (RFC 6672 §2.4)`,
          );
        break;
      }
    }
  }

  #set(type: number, set: readonly ZoneRecord[]): void {
    const [first] = set;
    if (!first) return;
    let bytes = 0;
    const known = set.length > 1 ? new Map<string, ZoneRecord>() : null;
    for (const record of set) {
      bytes += 12 + record.data.bytes.length;
      if (record.ttl !== first.ttl)
        this.error(
          record,
          `the time to live is ${record.ttl}, and ${first.ttl} ${line(first, record)}: records of one name and type have the same (RFC 2181 §5.2)`,
        );
      if (!known) continue;
      const { bytes: data, nameAt } = record.data;
      const text = data.toString("latin1");
      const identity = nameAt < 0 ? text : text.slice(0, nameAt) + lower(text.slice(nameAt));
      const twin = known.get(identity);
      if (twin) this.error(record, `the same record is ${line(twin, record)}: remove one`);
      else known.set(identity, record);
    }
    if (bytes > SET_BYTES_MAX)
      this.error(
        first,
        `the records of this name and type have ${bytes} bytes; at most ${SET_BYTES_MAX} can be sent`,
      );
    if (type === CODE.CNAME && set[1])
      this.error(set[1], "a name has one CNAME (RFC 2181 §10.1): remove the others");
    if (type === CODE.DNAME && set[1])
      this.error(set[1], "a name has one DNAME (RFC 6672 §2.4): remove the others");
    if (type === CODE.SOA && set[1])
      this.error(set[1], "a zone has one SOA record: remove the others");
    if (type === CODE.SOA && first.key !== this.apex)
      this.error(
        first,
        `a zone has one SOA record, and that of ${nameText(this.apex)} comes first: remove this, or put it into a file of its own`,
      );
  }

  #apex(): void {
    const soa = this.#sets(this.apex, CODE.SOA)?.[0];
    const mailbox = soa ? mailboxOf(soa) : "";
    if (soa && firstLabel(mailbox).includes("@"))
      this.warning(
        soa,
        `the mailbox is ${nameText(mailbox)}: instead of @ there is a dot, as in hostmaster.example.org. (RFC 1035 §8)`,
      );
    if (soa && !this.#sets(this.apex, CODE.NS))
      this.error(
        soa,
        `the zone has no NS record at ${nameText(this.apex)}: add one for each of its servers`,
      );
  }

  /** The delegation that a name is at or below; null: it is authoritative. */
  #cut(key: string): string | null {
    let cut = null;
    for (let name = key; name !== this.apex && name !== ROOT; name = parentOf(name))
      if (this.#sets(name, CODE.NS)) cut = name;
    return cut;
  }

  /** The name, or the wildcard, whose records answer for it. */
  #source(key: string): ReadonlyMap<number, readonly ZoneRecord[]> | undefined {
    const own = this.#names.get(key);
    if (own) return own.sets;
    for (let name = key; name !== this.apex && name !== ROOT;) {
      name = parentOf(name);
      const wildcard = this.#names.get(`\x01*${name}`);
      if (wildcard) return wildcard.sets;
      if (this.#names.has(name)) return undefined;
    }
    return undefined;
  }

  #targets(key: string, sets: ReadonlyMap<number, readonly ZoneRecord[]>): void {
    for (const [type, set] of sets) {
      if (!typeOf(type)?.target || type === CODE.SVCB || type === CODE.HTTPS) continue;
      for (const record of set) {
        if (record.data.nameAt < 0) continue;
        const target = targetOf(record);
        if (target === ROOT || !isWithin(target, this.apex)) continue;
        const found = this.#source(target);
        if (found?.has(CODE.CNAME))
          this.warning(
            record,
            `${typeName(type)} leads to ${nameText(target)}, which is an alias (RFC 2181 §10.3)`,
          );
        else if (!found?.has(CODE.A) && !found?.has(CODE.AAAA))
          this.#missing(key, type, record, target);
      }
    }
  }

  #missing(key: string, type: number, record: ZoneRecord, target: string): void {
    const cut = this.#cut(target);
    const text = nameText(target);
    const message = ADDRESS.test(text)
      ? `${typeName(type)} leads to ${text}: it takes a name, not an address`
      : `${typeName(type)} leads to ${text}, which has no address: add an A or AAAA record`;
    // RFC 9471: nobody finds a server inside what it serves without glue.
    if (type === CODE.NS && (cut === null || cut === key)) this.error(record, message);
    else if (cut === null) this.warning(record, message);
  }
}

/** Sorts records into a zone. Null, and problems: they are none. */
export function checkZone(
  records: readonly ZoneRecord[],
  file: string,
  problems: Problems,
): Zone | null {
  const soa = records.find(({ type }) => type === CODE.SOA);
  if (!soa) {
    problems.error(file, { line: 1, column: 1 }, "the zone has no SOA record: begin with one");
    return null;
  }
  return new Check(records, soa.key, problems).run();
}
