/** A link in front of another one: what middleware does not change, it passes on. */
import type { LinkCounters, NetBackend, PublishedPort } from "./types.js";

export abstract class WrappedLink implements NetBackend {
  readonly mac: Uint8Array;
  readonly mtu: number;
  /** The link behind; owned, and closed with this one. */
  protected readonly link: NetBackend;

  constructor(link: NetBackend) {
    this.link = link;
    this.mac = link.mac;
    this.mtu = link.mtu;
  }

  get features(): number {
    return this.link.features;
  }

  get counters(): LinkCounters {
    return this.link.counters;
  }

  get notices(): readonly string[] {
    return this.link.notices ?? [];
  }

  get gone(): boolean {
    return this.link.gone;
  }

  get reason(): string | null {
    return this.link.reason ?? null;
  }

  get published(): readonly PublishedPort[] {
    return this.link.published ?? [];
  }

  attach(wake: () => void, accepted?: number): void {
    this.link.attach(wake, accepted);
  }

  abstract send(frame: Uint8Array): boolean;
  abstract receive(into: Uint8Array): number;

  close(): Promise<void> {
    return this.link.close();
  }
}

/** Whichever direction a frame takes, as its guest sees it. */
export type Direction = "in" | "out";
