/**
 * One value of any type on its way from a sender to a receiver: kept with the fibre or handler that waits,
 * and used again for the next, so that neither of them allocates.
 */
@final
export class Item {
  /** A number, or the address of an unmanaged object. */
  private bits: u64 = 0;
  private object: Object | null = null;
  /** The channel it is from or for; null while there is none. */
  private channel: Object | null = null;

  put<T>(channel: Object, value: T): void {
    if (sizeof<T>() > 8) ERROR("a channel carries references and numbers of up to 64 bits");
    this.channel = channel;
    if (isManaged<T>()) this.object = changetype<Object | null>(value);
    else if (isReference<T>()) this.bits = changetype<usize>(value);
    else store<T>(changetype<usize>(this), value, offsetof<Item>("bits"));
  }

  isFrom(channel: Object): bool {
    return this.channel === channel;
  }

  /** The value; it must have been put with this type. */
  get<T>(): T {
    if (isManaged<T>()) return changetype<T>(this.object);
    if (isReference<T>()) return changetype<T>(<usize>this.bits);
    return load<T>(changetype<usize>(this), offsetof<Item>("bits"));
  }

  /** Forgets it, so that nothing is kept alive. */
  clear(): void {
    this.object = null;
    this.channel = null;
  }
}
