/** The last few places that a socket has sent to: errors about others are not believed. */

const PLACES: i32 = 4;


@final
export class Recent {
  private readonly addresses: StaticArray<u64> = new StaticArray<u64>(2 * PLACES);
  private readonly ports: StaticArray<u16> = new StaticArray<u16>(PLACES);
  private latest: i32 = 0;

  has(high: u64, low: u64, port: u16): bool {
    for (let at = 0; at < PLACES; at++) if (this.isAt(at, high, low, port)) return true;
    return false;
  }

  add(high: u64, low: u64, port: u16): void {
    if (this.isAt(this.latest, high, low, port) || this.has(high, low, port)) return;
    const at = (this.latest + 1) & (PLACES - 1);
    this.latest = at;
    unchecked((this.addresses[2 * at] = high));
    unchecked((this.addresses[2 * at + 1] = low));
    unchecked((this.ports[at] = port));
  }

  private isAt(at: i32, high: u64, low: u64, port: u16): bool {
    return (
      unchecked(this.addresses[2 * at + 1]) == low &&
      unchecked(this.addresses[2 * at]) == high &&
      unchecked(this.ports[at]) == port
    );
  }
}
