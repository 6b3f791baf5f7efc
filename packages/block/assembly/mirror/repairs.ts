/** Damaged places that wait to be repaired; what does not fit is found again when it is read again. */
const REPAIRS_MAX: i32 = 16;


@final
export class Repairs {
  count: i32 = 0;
  private readonly sectors: StaticArray<u64> = new StaticArray<u64>(REPAIRS_MAX);
  private readonly counts: StaticArray<i32> = new StaticArray<i32>(REPAIRS_MAX);
  private readonly legs: StaticArray<i32> = new StaticArray<i32>(REPAIRS_MAX);

  add(sector: u64, sectors: i32, leg: i32): void {
    if (this.count == REPAIRS_MAX) return;
    this.sectors[this.count] = sector;
    this.counts[this.count] = sectors;
    this.legs[this.count++] = leg;
  }

  /** The last: its place is free when it has been looked at. */
  get sector(): u64 {
    return this.sectors[this.count - 1];
  }

  get length(): i32 {
    return this.counts[this.count - 1];
  }

  /** The leg that is damaged. */
  get leg(): i32 {
    return this.legs[this.count - 1];
  }
}
