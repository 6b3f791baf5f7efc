/** One event of a trace, in the Trace Event Format that Perfetto and chrome://tracing read. */

export type TraceValue = string | number | boolean;

export interface TraceEvent {
  readonly name: string;
  /** Category. */
  readonly cat: string;
  /** X: a span; C: counters; M: a name; i: an instant; b and e: begin and end of what overlaps others. */
  readonly ph: "X" | "C" | "M" | "i" | "b" | "e";
  /** When it began, in whole ns since the origin of the trace. */
  readonly ts: number;
  /** How long it took, in whole ns. */
  readonly dur?: number;
  readonly pid: number;
  readonly tid: number;
  /** What joins a `b` with its `e`. */
  readonly id?: string;
  /** How far an instant is drawn: over its thread, its process or everything. */
  readonly s?: "t" | "p" | "g";
  readonly args?: Readonly<Record<string, TraceValue>>;
}

/** Tracks of one process. */
export const TRACKS_MAX = 2048;
/** Of a process, its track of the steps. */
export const STEPS = 1;

/** The number of a track: viewers know it by that alone, in whatever process it is. */
export function trackId(pid: number, track: number): number {
  return pid * TRACKS_MAX + track;
}

/**
 * The text of the event: JSON in ASCII, on one line. Times become microseconds, exact to 1 ns. The name
 * comes last, since some readers look for the other fields with a parser that knows no escapes.
 */
export function traceEvent({ name, cat, ph, ts, dur, pid, tid, id, s, args }: TraceEvent): string {
  let text = `{"ph":"${ph}","ts":${microseconds(ts)}`;
  if (dur !== undefined) text += `,"dur":${microseconds(dur)}`;
  text += `,"pid":${pid},"tid":${tid},"cat":"${cat}"`;
  if (id !== undefined) text += `,"id":"${id}"`;
  if (s !== undefined) text += `,"s":"${s}"`;
  text += `,"name":${ascii(JSON.stringify(name))}`;
  if (args !== undefined) text += `,"args":${ascii(JSON.stringify(args))}`;
  return `${text}}`;
}

function microseconds(ns: number): string {
  return (ns / 1000).toFixed(3);
}

/** JSON has an escape for every UTF-16 unit. */
function ascii(json: string): string {
  return json.replace(
    /[^\x20-\x7e]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
