import { Ip, LinkWaiter } from "@phantasm/interfaces";
import { Agenda } from "./agenda";
import { Connection } from "./connection";

/** Connections that wait for room in the link, in the order of their turns. */
@final
export class LinkQueue implements LinkWaiter {
  private first: Connection | null = null;
  private last: Connection | null = null;
  private isAsking: bool = false;

  constructor(
    private readonly ip: Ip,
    private readonly agenda: Agenda,
  ) {}

  /** The link has refused a frame and has not said since that it takes another: to try would be in vain. */
  get isAwaited(): bool {
    return this.isAsking;
  }

  add(c: Connection): void {
    if (c.waitsForLink) return;
    c.waitsForLink = true;
    const last = this.last;
    if (last === null) this.first = c;
    else last.linkNext = c;
    this.last = c;
    if (this.isAsking) return;
    this.isAsking = true;
    this.ip.whenReady(this);
  }

  onLinkReady(): void {
    this.isAsking = false;
    let c = this.first;
    this.first = null;
    this.last = null;
    while (c !== null) {
      const next = c.linkNext;
      c.linkNext = null;
      c.waitsForLink = false;
      if (!c.isEnded) this.agenda.add(c);
      c = next;
    }
  }
}
