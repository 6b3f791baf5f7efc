/**
 * What one domain writes into a trace: a process with a track for its steps, one for each fibre, and
 * counters. The image is asked to do one thing in a step, so that the time of the step is its time.
 */
import { Event, Limit, type HypercallName } from "@phantasm/abi";
import type { Manifest } from "@phantasm/seal";
import type { DomainExit } from "../exit.js";
import { fibreLabel } from "../fibres/label.js";
import { FibreReader, type Fibre } from "../fibres/table.js";
import { observationBlock, readActivity, readObservation } from "../observe.js";
import { callArguments, deviceName, movedBytes, operationName } from "./calls.js";
import { STEPS, trackId, traceEvent, TRACKS_MAX, type TraceEvent } from "./event.js";
import type { TraceFile } from "./file.js";

/** Track of the fibres that have none of their own. */
const MORE_FIBRES = 2;
/** Fibres with a track of their own. */
const FIBRE_TRACKS_MAX = 1_000;
/** Viewers calculate in floating-point microseconds: what lies side by side must not touch. */
const GAP_NS = 4;
const COUNTERS_NS = 1_000_000;
const FLUSH_NS = 1_000_000_000;

type Call = (...values: (number | bigint)[]) => number | bigint | undefined;

/** A fibre that is not running, since when and why. */
interface Idle {
  readonly sinceNs: number;
  readonly what: string;
}

interface Request {
  readonly ns: number;
  readonly name: string;
  readonly sectors: number;
}

export class DomainTrace {
  readonly #file: TraceFile;
  readonly #pid: number;
  readonly #manifest: Manifest;
  readonly #classes: readonly string[] | null;
  readonly #tracks = new Map<number, number>();
  readonly #idle = new Map<number, Idle>();
  readonly #requests = new Map<string, Request>();
  readonly #moved = new Map<string, { in: number; out: number }>();
  readonly #counted = new Map<string, string>();
  #stepNs = 0;
  #steps = 0;
  #counting = false;
  #countersNs = -Infinity;
  #flushNs = 0;
  #requestsSeen = 0;

  /** @param classes names by number, from `<image>.map`: what fibres without a name are called */
  constructor(file: TraceFile, manifest: Manifest, classes: readonly string[] | null) {
    this.#file = file;
    this.#manifest = manifest;
    this.#classes = classes;
    this.#pid = file.nextProcess();
    this.#name("process_name", STEPS, { name: manifest.name });
    this.#track(STEPS, "steps", 0);
  }

  /** Whether it is still written. */
  get active(): boolean {
    return this.#file.open;
  }

  /** A part of the boot: runs it, and tells how long it took. */
  boot<T>(name: string, action: () => T): T {
    const startNs = this.#now();
    try {
      return action();
    } finally {
      this.#span(STEPS, name, "boot", startNs, this.#now());
    }
  }

  /** The same hypercall, which also tells. */
  call(name: HypercallName, memory: () => Uint8Array, inner: Call): Call {
    const { devices } = this.#manifest;
    return (...values) => {
      if (!this.#file.open) return inner(...values);
      // A viewer takes what begins earlier for the outer one.
      const startNs = Math.max(this.#now(), this.#stepNs + GAP_NS);
      let result: number | bigint | undefined;
      try {
        result = inner(...values);
        return result;
      } finally {
        const endNs = Math.max(this.#now(), startNs);
        const told = callArguments(name, values, result, devices);
        this.#span(STEPS, name, "hypercall", startNs, endNs, told);
        const moved = movedBytes(name, values, result, devices);
        if (moved !== null) {
          const sum = this.#moved.get(moved.counter) ?? { in: 0, out: 0 };
          sum[moved.direction] += moved.bytes;
          this.#moved.set(moved.counter, sum);
        }
        if (result === 0 && name === "block_submit") this.#submitted(values, startNs);
        if (result === 0 && name === "block_complete") this.#completed(values, memory(), endNs);
      }
    };
  }

  /** @returns the events that the step shall have besides its own */
  beginStep(): number {
    this.#stepNs = this.#now();
    if (!this.active) return 0;
    this.#counting = this.#stepNs - this.#countersNs >= COUNTERS_NS;
    return Event.TRACE | (this.#counting ? Event.INSPECT : 0);
  }

  /** @param memory all of it, at rest or after a trap */
  endStep(memory: Uint8Array): void {
    const endNs = this.#now();
    const step = ++this.#steps;
    const block = observationBlock(this.#manifest, memory);
    const activity = block === null ? null : readActivity(block);
    let name: string = activity?.kind ?? "none";
    const fibre =
      block !== null && activity?.kind === "task" && activity.fibre !== 0
        ? new FibreReader(block, memory).fibre(activity.fibre)
        : null;
    if (fibre !== null) this.#ran(fibre, endNs);
    const label = fibre === null ? null : fibreLabel(fibre, this.#classes);
    const work = activity?.kind === "collection" ? { work: activity.work } : {};
    if (name === "none") name = step === 1 ? "first step" : "step";
    this.#span(STEPS, label ?? name, "step", this.#stepNs, endNs, { step, ...work });
    if (this.#counting) this.#count(memory, endNs);
    if (endNs - this.#flushNs < FLUSH_NS) return;
    this.#flushNs = endNs;
    if (this.#file.open) this.#file.flush();
  }

  /** The domain has ended; the file stays open. */
  end(exit: DomainExit, memory: Uint8Array | null): void {
    const ns = this.#now();
    if (memory !== null) this.#count(memory, ns);
    for (const [track, idle] of this.#idle) this.#idled(track, idle, ns);
    this.#idle.clear();
    const text = exit.message === "" ? "" : `: ${exit.message}`;
    const event = { name: `${exit.reason} ${exit.status}${text}`, cat: "domain", ts: ns } as const;
    this.#add({ ...event, ph: "i", s: "p", tid: STEPS });
    if (this.#file.open) this.#file.flush();
  }

  #ran(fibre: Fibre, endNs: number): void {
    const label = fibreLabel(fibre, this.#classes);
    const track = this.#trackOf(fibre.id, label);
    if (track === MORE_FIBRES) {
      this.#span(track, label, "fibre", this.#stepNs, endNs);
      return;
    }
    const idle = this.#idle.get(track);
    if (idle !== undefined) this.#idled(track, idle, this.#stepNs);
    this.#span(track, "runs", "fibre", this.#stepNs, endNs);
    if (fibre.state === "ended") this.#idle.delete(track);
    else this.#idle.set(track, { sinceNs: endNs, what: idleText(fibre) });
  }

  #idled(track: number, { what, sinceNs }: Idle, endNs: number): void {
    if (endNs - sinceNs <= 2 * GAP_NS) return;
    this.#span(track, what, "fibre", sinceNs + GAP_NS, endNs - GAP_NS);
  }

  #trackOf(id: number, label: string): number {
    const known = this.#tracks.get(id);
    if (known !== undefined) return known;
    if (this.#tracks.size >= FIBRE_TRACKS_MAX) return MORE_FIBRES;
    const track = MORE_FIBRES + 1 + this.#tracks.size;
    this.#tracks.set(id, track);
    this.#track(track, label, track);
    if (this.#tracks.size === FIBRE_TRACKS_MAX) {
      this.#track(MORE_FIBRES, "more fibres", TRACKS_MAX);
    }
    return track;
  }

  #submitted([handle, operation, , , sectors, tag]: (number | bigint)[], ns: number): void {
    const device = deviceName(this.#manifest.devices, Number(handle));
    const name = `${device} ${operationName(Number(operation))}`;
    const request = { ns, name, sectors: Number(sectors) };
    this.#requests.set(`${Number(handle)} ${Number(tag)}`, request);
  }

  #completed([handle, pointer]: (number | bigint)[], memory: Uint8Array, endNs: number): void {
    // The hypercall has checked the range.
    const at = memory.byteOffset + (Number(pointer) >>> 0);
    const record = new DataView(memory.buffer, at, Limit.BLOCK_COMPLETION_BYTES);
    const key = `${Number(handle)} ${record.getInt32(0, true)}`;
    const request = this.#requests.get(key);
    if (request === undefined) return;
    this.#requests.delete(key);
    const id = String(++this.#requestsSeen);
    const event = { name: request.name, cat: "block", tid: STEPS, id } as const;
    this.#add({ ...event, ph: "b", ts: request.ns, args: { sectors: request.sectors } });
    this.#add({ ...event, ph: "e", ts: endNs, args: { status: record.getInt32(4, true) } });
  }

  #count(memory: Uint8Array, ns: number): void {
    this.#countersNs = ns;
    const seen = readObservation(this.#manifest, memory);
    if (seen !== null) {
      this.#counter("heap", ns, { used: seen.heapUsedBytes });
      this.#counter("fibres", ns, { live: seen.fibres });
      this.#counter("timers", ns, { pending: seen.timersPending });
    }
    this.#counter("memory", ns, { bytes: memory.length });
    for (const [name, sum] of this.#moved) this.#counter(name, ns, { in: sum.in, out: sum.out });
  }

  /** Only what has changed. */
  #counter(name: string, ts: number, args: Readonly<Record<string, number>>): void {
    const text = JSON.stringify(args);
    if (this.#counted.get(name) === text) return;
    this.#counted.set(name, text);
    this.#add({ name, cat: "counter", ph: "C", ts, tid: STEPS, args });
  }

  #span(
    tid: number,
    name: string,
    cat: string,
    startNs: number,
    endNs: number,
    args?: TraceEvent["args"],
  ): void {
    const dur = Math.max(endNs - startNs, 0);
    this.#add({
      name,
      cat,
      ph: "X",
      ts: startNs,
      dur,
      tid,
      ...(args === undefined ? {} : { args }),
    });
  }

  #track(tid: number, name: string, place: number): void {
    this.#name("thread_name", tid, { name });
    this.#name("thread_sort_index", tid, { sort_index: place });
  }

  #name(name: string, tid: number, args: Readonly<Record<string, string | number>>): void {
    this.#add({ name, cat: "__metadata", ph: "M", ts: 0, tid, args });
  }

  #add(event: Omit<TraceEvent, "pid">): void {
    if (!this.#file.open) return;
    const tid = trackId(this.#pid, event.tid);
    this.#file.event(traceEvent({ ...event, tid, pid: this.#pid }));
  }

  #now(): number {
    return this.#file.nowNs;
  }
}

function idleText({ state, waitsFor }: Fibre): string {
  if (state === "waiting") return waitsFor === "" ? "waits" : `waits for ${waitsFor}`;
  return state === "sleeping" ? "sleeps" : "is ready";
}

/** The event of a step that was never ended, for whoever closes the file of a domain that was killed. */
export function unfinishedStep(file: TraceFile, stepNs: number): string {
  const dur = Math.round(stepNs);
  const event = {
    name: "step that did not end",
    cat: "step",
    ph: "X",
    pid: 1,
    tid: STEPS,
  } as const;
  const ts = Math.max(file.nowNs - dur, 0);
  return traceEvent({ ...event, ts, dur, tid: trackId(1, STEPS) });
}
