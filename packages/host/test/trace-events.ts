/** Reads a trace as a viewer does, and says what is wrong with it. */

export interface ReadEvent {
  readonly ph: string;
  readonly name: string;
  readonly cat: string;
  readonly ts: number;
  readonly dur?: number;
  readonly pid: number;
  readonly tid: number;
  readonly id?: string;
  readonly args?: Readonly<Record<string, string | number | boolean>>;
}

export interface ReadTrace {
  readonly events: readonly ReadEvent[];
  /** Names of tracks by their number. */
  readonly tracks: ReadonlyMap<number, string>;
  /** Empty for a good trace. */
  readonly problems: readonly string[];
}

const PHASES = new Set(["X", "C", "M", "i", "b", "e"]);

export function readTrace(text: string): ReadTrace {
  const events = JSON.parse(text) as ReadEvent[];
  const problems: string[] = [];
  const tracks = new Map<number, string>();
  for (const event of events) {
    const { ph, name, ts, dur, pid, tid } = event;
    const numbers = [ts, pid, tid, ...(ph === "X" ? [dur] : [])];
    if (!PHASES.has(ph) || typeof name !== "string" || name === "")
      problems.push(JSON.stringify(event));
    if (numbers.some((value) => typeof value !== "number" || !(value >= 0))) {
      problems.push(JSON.stringify(event));
    }
    if (name === "thread_name") tracks.set(tid, String(event.args?.["name"]));
  }
  for (const { tid } of events) if (!tracks.has(tid)) problems.push(`track ${tid} has no name`);
  return { events, tracks, problems: [...problems, ...overlaps(events), ...unpaired(events)] };
}

/** Spans of one track lie within each other, or beside each other: viewers drop what overlaps. */
function overlaps(events: readonly ReadEvent[]): string[] {
  const problems: string[] = [];
  const byTrack = new Map<number, ReadEvent[]>();
  for (const event of events) {
    if (event.ph !== "X") continue;
    byTrack.set(event.tid, [...(byTrack.get(event.tid) ?? []), event]);
  }
  for (const spans of byTrack.values()) {
    // As Perfetto does: by the begin, and equal ones as they come.
    const order = spans
      .map((span, at) => ({ at, start: ns(span.ts), end: ns(span.ts) + ns(span.dur ?? 0), span }))
      .sort((a, b) => a.start - b.start || a.at - b.at);
    const open: number[] = [];
    for (const { start, end, span } of order) {
      while (open.length > 0 && (open.at(-1) ?? 0) <= start) open.pop();
      if (open.length > 0 && end > (open.at(-1) ?? 0))
        problems.push(`overlaps: ${span.name} at ${span.ts}`);
      open.push(end);
    }
  }
  return problems;
}

/** What Perfetto makes of a time: it cuts what is beyond a nanosecond. */
function ns(microseconds: number): number {
  return Math.trunc(microseconds * 1000);
}

function unpaired(events: readonly ReadEvent[]): string[] {
  const open = new Map<string, number>();
  for (const { ph, cat, id = "" } of events) {
    const by = ph === "b" ? 1 : ph === "e" ? -1 : 0;
    open.set(`${cat} ${id}`, (open.get(`${cat} ${id}`) ?? 0) + by);
  }
  return [...open].flatMap(([key, count]) => (count === 0 ? [] : [`unpaired: ${key}`]));
}
