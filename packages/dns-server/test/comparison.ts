/** Answers compared field by field, and the differences that are explained. */
import type { Core } from "./core.js";
import type { Peer } from "./peers.js";
import { Dice, drawQuery, type Question } from "./queries.js";
import { FLAG, type WireMessage, type WireRecord, lower, readMessage, wireName } from "./wire.js";

const AT_ONCE = 64;
const SHOWN_MAX = 20;

function recordText({ name, type, class: class_, ttl, data }: WireRecord): string {
  return `${JSON.stringify(lower(name))} ${ttl} ${class_} ${type} ${JSON.stringify(data)}`;
}

export function section(records: readonly WireRecord[]): string[] {
  return [...new Set(records.map(recordText))].sort();
}

/** What is compared; the order of records within a section has no meaning. */
export function fields(message: WireMessage): Record<string, unknown> {
  return {
    flags: (message.flags & ~15).toString(16),
    rcode: message.rcode,
    questions: message.questions,
    answers: section(message.answers),
    authorities: section(message.authorities),
    additionals: section(message.additionals),
    edns: message.opt ? `${message.opt.class} ${message.opt.ttl & 0xffffff}` : null,
  };
}

function differencesOf(ours: Record<string, unknown>, theirs: Record<string, unknown>): string[] {
  return Object.keys(ours)
    .map((key) => ({ key, a: JSON.stringify(ours[key]), b: JSON.stringify(theirs[key]) }))
    .filter(({ a, b }) => a !== b)
    .map(({ key, a, b }) => `${key}: ours ${a}, theirs ${b}`);
}

/** @param zones in wire form */
type Difference = (
  ours: WireMessage,
  theirs: WireMessage,
  question: Question,
  zones: readonly string[],
) => boolean;

/** True if nothing differs but in the sections named. */
function onlyIn(ours: WireMessage, theirs: WireMessage, ...sections: readonly string[]): boolean {
  const [a, b] = [fields(ours), fields(theirs)];
  return Object.keys(a).every(
    (key) => sections.includes(key) || JSON.stringify(a[key]) === JSON.stringify(b[key]),
  );
}

function zoneOfName(name: string, zones: readonly string[]): string {
  const inOrder = [...zones].sort((a, b) => b.length - a.length);
  const own = lower(name);
  return inOrder.find((zone) => own.endsWith(zone)) ?? "";
}

function isPartOf(records: readonly WireRecord[], all: readonly WireRecord[]): boolean {
  const known = new Set(section(all));
  return section(records).every((text) => known.has(text));
}

const fewerAdditionals: Difference = (ours, theirs) =>
  onlyIn(ours, theirs, "additionals") && isPartOf(theirs.additionals, ours.additionals);

const circle: Difference = (ours, theirs) =>
  ours.answers.some(({ type }) => type === 39) &&
  onlyIn(ours, theirs, "answers") &&
  isPartOf(ours.answers, theirs.answers);

/** The last alias that they tell leads out of the zone that was asked. */
const otherZone: Difference = (ours, theirs, _, zones) => {
  const aliases = theirs.answers.filter(({ type }) => type === 5);
  const from = zoneOfName(theirs.questions[0]?.name ?? "", zones);
  return (
    aliases.some(({ data }) => zoneOfName(data.trim(), zones) !== from) &&
    isPartOf(theirs.answers, ours.answers) &&
    (theirs.flags & ~15) === (ours.flags & ~15)
  );
};

/** Without the SOA record nobody may remember that there is nothing (RFC 2308 §3): a reason to ask over TCP. */
const withoutSoa: Difference = (ours, theirs) =>
  theirs.authorities.length === 0 && onlyIn(ours, theirs, "authorities");

const restOfTruncated: Difference = (ours, theirs) =>
  (ours.flags & FLAG.TC) !== 0 && onlyIn(ours, theirs, "answers") && ours.answers.length === 0;

const fits: Difference = (ours, theirs) =>
  (ours.flags & FLAG.TC) === 0 &&
  (ours.flags | FLAG.TC | 15) === (theirs.flags | 15) &&
  isPartOf(theirs.answers, ours.answers) &&
  isPartOf(theirs.authorities, ours.authorities);

/** What the README explains. */
const EXPLAINED: Readonly<Record<string, Readonly<Record<string, Difference>>>> = {
  nsd: {
    "names behind a DNAME compressed": fits,
    "what fits into a truncated answer": restOfTruncated,
    "no addresses beside answers": fewerAdditionals,
    "DS where zones are below each other": (_ours, _theirs, { query, typeAt }) =>
      query.readUInt16BE(typeAt) === 43,
    "a DNAME in a circle": circle,
  },
  knot: {
    "what fits into a truncated answer": restOfTruncated,
    "no addresses beside HTTPS at the owner": (ours, theirs, question) =>
      [64, 65].includes(question.query.readUInt16BE(question.typeAt)) &&
      fewerAdditionals(ours, theirs, question, []),
    "glue beside MX": (ours, theirs) =>
      onlyIn(ours, theirs, "additionals") && isPartOf(ours.additionals, theirs.additionals),
    "aliases into another zone": otherZone,
    "DS behind an alias": (ours, theirs, { query, typeAt }) =>
      query.readUInt16BE(typeAt) === 43 &&
      ours.answers.length > 0 &&
      isPartOf(theirs.answers, ours.answers),
    "the SOA record left out": withoutSoa,
    "a DNAME in a circle": circle,
  },
};

export interface Outcome {
  readonly different: number;
  /** The first of them, with what differs. */
  readonly shown: readonly string[];
  readonly explained: Readonly<Record<string, number>>;
}

export class Comparison {
  readonly #zones: readonly string[];

  constructor(
    readonly core: Core,
    readonly names: readonly string[],
    origins: readonly string[],
  ) {
    this.#zones = origins.map(wireName);
  }

  /** Asks a peer and the core `count` questions that follow from a seed. */
  async run(peer: Peer, count: number, seed: number): Promise<Outcome> {
    const dice = new Dice(seed);
    const shown: string[] = [];
    const explained: Record<string, number> = {};
    let different = 0;
    const compare = async (id: number): Promise<void> => {
      const question = drawQuery(this.names, dice, id);
      const told = await this.#compare(peer, question);
      if (told === null) return;
      if (typeof told === "string") explained[told] = (explained[told] ?? 0) + 1;
      else {
        different++;
        if (shown.length < SHOWN_MAX) shown.push([question.text, ...told].join("\n  "));
      }
    };
    for (let id = 0; id < count; id += AT_ONCE)
      await Promise.all(
        Array.from({ length: AT_ONCE }, (_, index) => compare((id + index) & 0xffff)),
      );
    return { different, shown, explained };
  }

  /** Null: the same; a text: why they differ; a list: what differs. */
  async #compare(peer: Peer, question: Question): Promise<string | readonly string[] | null> {
    const ours = this.core.ask(question.query);
    const theirs = (await peer.ask(question.query)) ?? (await peer.ask(question.query));
    if (!ours || !theirs) return [`${ours ? "they" : "we"} do not answer`];
    const [a, b] = [readMessage(ours), readMessage(theirs)];
    for (const records of [a.answers, a.authorities, a.additionals])
      if (section(records).length < records.length) return ["we say something twice"];
    const differences = differencesOf(fields(a), fields(b));
    if (differences.length === 0) return null;
    for (const [why, explains] of Object.entries(EXPLAINED[peer.name] ?? {}))
      if (explains(a, b, question, this.#zones)) return why;
    return differences;
  }
}

/**
 * Asks a core whose zones lie by themselves what it asks one that has them together. Different may be only that a zone
 * sends along addresses which it has below a delegation: to it, nothing says that another zone here has them too.
 */
export function compareApart(
  apart: Core,
  together: Core,
  names: readonly string[],
  count: number,
  dice: Dice,
): Omit<Outcome, "explained"> {
  const shown: string[] = [];
  let different = 0;
  for (let id = 0; id < count; id++) {
    const { query, text } = drawQuery(names, dice, id & 0xffff);
    const [one, other] = [apart.ask(query, { tcp: true }), together.ask(query, { tcp: true })];
    if (!one || !other) throw new Error(`there is no answer to ${text}`);
    const [a, b] = [readMessage(one), readMessage(other)];
    if (onlyIn(a, b, "additionals") && isPartOf(b.additionals, a.additionals)) continue;
    different++;
    if (shown.length < SHOWN_MAX)
      shown.push([text, ...differencesOf(fields(a), fields(b))].join("\n  "));
  }
  return { different, shown };
}
