import { Guest } from "./guest";

/** People in the room, at most: what one says is copied for each of the others. */
const GUESTS_MAX: i32 = 200;

/** Passes on what somebody says to everybody else. */
export class Room {
  private readonly guests: Guest[] = [];
  private entered: i32 = 0;

  /** False: it is full. */
  enter(guest: Guest): bool {
    if (this.guests.length == GUESTS_MAX) return false;
    guest.name = `guest ${++this.entered}`;
    this.guests.push(guest);
    guest.hear(`You are ${guest.name}; ${this.guests.length} in the room.\n`);
    this.say(guest, `${guest.name} has come.\n`);
    return true;
  }

  leave(guest: Guest): void {
    const at = this.guests.indexOf(guest);
    if (at < 0) return;
    this.guests.splice(at, 1);
    this.say(guest, `${guest.name} has gone.\n`);
  }

  /** Everybody but the speaker hears it. */
  say(speaker: Guest, text: string): void {
    const bytes = Uint8Array.wrap(String.UTF8.encode(text));
    for (const guest of this.guests) if (guest !== speaker) guest.hearBytes(bytes);
  }
}
