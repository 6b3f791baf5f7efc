/** What is known of the packet that is being handled, beyond what a transport sees of it; raw memory. */
@unmanaged
export class Arrival {
  /** Its fixed header, and all its bytes from there. */
  packet: usize;
  bytes: i32;
  /** Link address it came from. */
  link: u64;
  /** Its destination is an address of ours that may be somebody else's. */
  isTentative: bool;
  /** It had a fragment header. */
  isFragmented: bool;
  hasRouterAlert: bool;
  /** Offset of the byte that says of which protocol it is. */
  nextPointer: i32;
}
