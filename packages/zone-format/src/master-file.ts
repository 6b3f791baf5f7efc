/** Reads master files (RFC 1035 §5, RFC 2308 §4 for $TTL) into records. */
import { dirname, resolve } from "node:path";
import { DataError, Items, parseData, seconds, type RecordData } from "./data.js";
import { parseRange, substitute, templateProblem } from "./generate.js";
import { NameError, lower, parseName } from "./name.js";
import type { Position, Problems } from "./problems.js";
import { entriesOf, type Entry, type Token } from "./tokens.js";
import { CODE, mayBeInZone, typeCode, typeOf } from "./types.js";

export interface ZoneRecord {
  /** In wire form, as it is written. */
  readonly owner: string;
  /** The owner in lower case. */
  readonly key: string;
  readonly type: number;
  /** Seconds; -1 until the SOA record's own is known. */
  ttl: number;
  readonly data: RecordData;
  readonly file: string;
  readonly position: Position;
}

export interface MasterFileOptions {
  /** In wire form: what names without a dot at their end are below, until $ORIGIN says otherwise. */
  readonly origin: string | null;
  readonly problems: Problems;
  /** The text of a file, one character a byte; null: it cannot be read. */
  readonly read: (path: string) => string | null;
  /** How a file is called in messages. */
  readonly display: (path: string) => string;
  readonly recordsMax: number;
}

/** RFC 2181 §8. */
const TTL_MAX = 0x7fff_ffff;
const INCLUDE_DEPTH_MAX = 8;
/** What some editors put in front of a text. */
const UTF8_MARK = /^\xef\xbb\xbf/;
const UTF16 = /^(\xff\xfe|\xfe\xff)/;
/** Of signed zones (RFC 4034, RFC 5155). */
const SIGNED = ["RRSIG", "NSEC", "NSEC3", "NSEC3PARAM"];
const CLASSES = ["CH", "CS", "HS", "NONE", "ANY"];

/** What holds from one entry to the next. */
interface State {
  readonly path: string;
  readonly file: string;
  readonly depth: number;
  origin: string | null;
  owner: string | null;
}

class MasterFile {
  readonly records: ZoneRecord[] = [];
  /** $TTL. */
  #defaultTtl = -1;
  /** RFC 1035 §5.1: one that is left out is the last that was stated. */
  #lastTtl = -1;
  #isFull = false;
  readonly #options: MasterFileOptions;

  constructor(options: MasterFileOptions) {
    this.#options = options;
  }

  read(
    path: string,
    origin: string | null,
    depth: number,
    from: { file: string; token: Token } | null,
  ): void {
    const { problems } = this.#options;
    const text = this.#options.read(path);
    const file = this.#options.display(path);
    if (text === null) {
      if (from)
        problems.error(from.file, from.token, `${file} cannot be read: is there such a file?`);
      return;
    }
    if (UTF16.test(text)) {
      problems.error(file, { line: 1, column: 1 }, "the file is UTF-16: save it as UTF-8 or ASCII");
      return;
    }
    const state: State = { path, file, depth, origin, owner: null };
    for (const entry of entriesOf(text.replace(UTF8_MARK, ""), file, problems)) {
      if (problems.tooMany || this.#isFull) return;
      try {
        this.#entry(entry, state);
      } catch (error) {
        if (!(error instanceof DataError)) throw error;
        problems.error(file, error.token, error.message);
      }
    }
  }

  #entry(entry: Entry, state: State): void {
    const [first] = entry.tokens;
    if (first && !entry.indented && !first.quoted && first.text.startsWith("$"))
      this.#directive(first, entry.tokens, state);
    else this.#record(entry, state);
  }

  #name(token: Token, origin: string | null): string {
    try {
      return parseName(token.text, origin);
    } catch (error) {
      if (error instanceof NameError) throw new DataError(token, error.message);
      throw error;
    }
  }

  #directive(directive: Token, tokens: readonly Token[], state: State): void {
    const items = new Items(tokens.slice(1), tokens.at(-1) ?? directive);
    switch (directive.text.toUpperCase()) {
      case "$ORIGIN":
        state.origin = this.#name(items.next("a name"), state.origin);
        break;
      case "$TTL": {
        const token = items.next("a time");
        this.#defaultTtl = this.#ttl(token);
        break;
      }
      case "$INCLUDE": {
        const token = items.next("a file");
        const origin = items.left > 0 ? this.#name(items.next(""), state.origin) : state.origin;
        if (state.depth === INCLUDE_DEPTH_MAX)
          throw new DataError(
            token,
            `files include each other more than ${INCLUDE_DEPTH_MAX} deep: does one include itself?`,
          );
        this.read(resolve(dirname(state.path), token.text), origin, state.depth + 1, {
          file: state.file,
          token,
        });
        break;
      }
      case "$GENERATE":
        this.#generate(items, state);
        break;
      default:
        throw new DataError(
          directive,
          `there is no ${directive.text}; there are $ORIGIN, $TTL, $INCLUDE and $GENERATE`,
        );
    }
    if (items.left > 0) throw new DataError(items.next(""), "nothing may follow here: remove it");
  }

  #generate(items: Items, state: State): void {
    const token = items.next("a range");
    const range = parseRange(token.text);
    if (typeof range === "string") throw new DataError(token, range);
    const template = items.rest();
    for (const part of template) {
      const problem = templateProblem(part.text);
      if (problem !== null) throw new DataError(part, problem);
    }
    if (template.length < 3) throw new DataError(items.last, "a name, a type and data must follow");
    for (let value = range.first; value <= range.last && !this.#isFull; value += range.step)
      this.#record(
        { tokens: template.map((part) => substitute(part, value)), indented: false },
        state,
      );
  }

  #ttl(token: Token): number {
    const value = seconds(token.text);
    if (value === null)
      throw new DataError(token, `expected a time such as 3600 or 1h, got ${token.text}`);
    if (value > TTL_MAX) throw new DataError(token, `a time to live is at most ${TTL_MAX} seconds`);
    return value;
  }

  #record(entry: Entry, state: State): void {
    const { tokens } = entry;
    let at = 0;
    const [first] = tokens;
    if (!first) return;
    if (!entry.indented) {
      state.owner = this.#name(first, state.origin);
      at++;
    }
    const { owner } = state;
    if (owner === null)
      throw new DataError(first, "there is no name for this record: the line begins with a space");
    let ttl = -1;
    let type: number | null = null;
    // RFC 1035 §5.1: TTL and class in either order, both optional.
    for (let token = tokens[at]; token && type === null; token = tokens[at]) {
      if (ttl < 0 && /^\d/.test(token.text) && !token.quoted) {
        ttl = this.#ttl(token);
        this.#lastTtl = ttl;
      } else if (CLASSES.includes(token.text.toUpperCase()))
        throw new DataError(token, "only class IN is served: remove this record");
      else if (token.text.toUpperCase() !== "IN" && token.text.toUpperCase() !== "CLASS1") {
        type = typeCode(token.text);
        if (type === null && SIGNED.includes(token.text.toUpperCase()))
          throw new DataError(
            token,
            `${token.text} is of a signed zone, and signatures are not served: use the zone as it was before`,
          );
        if (type === null)
          throw new DataError(
            token,
            `there is no type ${token.text}; one without a name is written as TYPE65280`,
          );
        if (!mayBeInZone(type))
          throw new DataError(token, `${token.text} is no type of a record in a zone`);
      }
      at++;
    }
    const typeToken = tokens[at - 1] ?? first;
    if (type === null) throw new DataError(tokens.at(-1) ?? first, "a type and data must follow");
    const items = new Items(tokens.slice(at), tokens.at(-1) ?? first);
    const data = parseData(typeOf(type), items, state.origin);
    if (ttl < 0) ttl = this.#defaultTtl >= 0 ? this.#defaultTtl : this.#lastTtl;
    // RFC 1035 §3.3.13: without any, the SOA record's last number.
    if (ttl < 0 && type === CODE.SOA) {
      ttl = Math.min(data.bytes.readUInt32BE(data.bytes.length - 4), TTL_MAX);
      this.#lastTtl = ttl;
    }
    if (ttl < 0)
      throw new DataError(
        typeToken,
        "there is no time to live: put a line such as $TTL 1h in front",
      );
    if (this.records.length === this.#options.recordsMax) {
      this.#isFull = true;
      throw new DataError(typeToken, `there are more than ${this.#options.recordsMax} records`);
    }
    const { line, column } = first;
    this.records.push({
      owner,
      key: lower(owner),
      type,
      ttl,
      data,
      file: state.file,
      position: { line, column },
    });
  }
}

/** Records of a file and of those that it includes, in their order. */
export function readMasterFile(path: string, options: MasterFileOptions): ZoneRecord[] {
  const file = new MasterFile(options);
  file.read(path, options.origin, 0, null);
  return file.records;
}
