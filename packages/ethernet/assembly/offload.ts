/** Values in a virtio_net_hdr (virtio 1.2 §5.1.6). */
export namespace Offload {
  /** The checksum has yet to be filled in, from csum_start on, at csum_offset from there. */
  export const NEEDS_CHECKSUM: u8 = 1;
  /** It was looked at. */
  export const CHECKSUM_VALID: u8 = 2;

  /** gso_type. */
  export const NOT_SEGMENTED: u8 = 0;
  export const TCP_V4: u8 = 1;
  export const TCP_V6: u8 = 4;
}
