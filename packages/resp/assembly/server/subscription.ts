/** That a client listens to a channel or a pattern: in the list of those who do, and in that of what the client hears. */
import { Channel } from "./channels";
import { Client } from "./client";


@final
export class Subscription {
  nextOfChannel: Subscription | null = null;
  previousOfChannel: Subscription | null = null;
  nextOfClient: Subscription | null = null;
  previousOfClient: Subscription | null = null;
  constructor(
    readonly client: Client,
    readonly channel: Channel,
    /** Its number. */
    readonly place: i32,
  ) {}

  next(ofChannel: bool): Subscription | null {
    return ofChannel ? this.nextOfChannel : this.nextOfClient;
  }

  previous(ofChannel: bool): Subscription | null {
    return ofChannel ? this.previousOfChannel : this.previousOfClient;
  }

  setNext(ofChannel: bool, next: Subscription | null): void {
    if (ofChannel) this.nextOfChannel = next;
    else this.nextOfClient = next;
  }

  setPrevious(ofChannel: bool, previous: Subscription | null): void {
    if (ofChannel) this.previousOfChannel = previous;
    else this.previousOfClient = previous;
  }
}

/** A list in the order in which they came: of a channel, or of a client. */
@final
export class Subscriptions {
  count: i32 = 0;
  first: Subscription | null = null;
  private last: Subscription | null = null;

  add(one: Subscription, ofChannel: bool): void {
    const last = this.last;
    if (last === null) this.first = one;
    else last.setNext(ofChannel, one);
    one.setPrevious(ofChannel, last);
    this.last = one;
    this.count++;
  }

  remove(one: Subscription, ofChannel: bool): void {
    const next = one.next(ofChannel);
    const previous = one.previous(ofChannel);
    if (previous === null) this.first = next;
    else previous.setNext(ofChannel, next);
    if (next === null) this.last = previous;
    else next.setPrevious(ofChannel, previous);
    this.count--;
  }
}

/** Of a client: the lists are made when they are needed. */
@final
export class Interests {
  private channels: Subscriptions | null = null;
  private patterns: Subscriptions | null = null;

  of(patterns: bool): Subscriptions {
    const known = patterns ? this.patterns : this.channels;
    if (known !== null) return known;
    const made = new Subscriptions();
    if (patterns) this.patterns = made;
    else this.channels = made;
    return made;
  }

  get channelCount(): i32 {
    const channels = this.channels;
    return channels === null ? 0 : channels.count;
  }

  get patternCount(): i32 {
    const patterns = this.patterns;
    return patterns === null ? 0 : patterns.count;
  }

  get count(): i32 {
    return this.channelCount + this.patternCount;
  }
}
