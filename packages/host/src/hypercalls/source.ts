/** Something that can wake a domain. */
export interface Source {
  /**
   * Whether a hypercall asked to be woken. A wake-up disarms both directions of a handle at once: a
   * step does not say what became ready, so the guest asks for everything it waits for again.
   */
  readonly armed: boolean;
}
