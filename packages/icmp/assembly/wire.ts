/** ICMP for IPv4 (RFC 792): u8 type, u8 code, u16 checksum, u32 that depends on the type, then what it is about. */

export const ICMP_HEADER_BYTES: i32 = 8;

export namespace IcmpType {
  export const ECHO_REPLY: u8 = 0;
  export const UNREACHABLE: u8 = 3;
  export const ECHO_REQUEST: u8 = 8;
  export const TIME_EXCEEDED: u8 = 11;
}

/** Codes of UNREACHABLE (RFC 792, RFC 1122 §3.2.2.1, RFC 1812 §5.2.7.1). */
export namespace Unreachable {
  export const NETWORK: u8 = 0;
  export const HOST: u8 = 1;
  export const PROTOCOL: u8 = 2;
  export const PORT: u8 = 3;
  export const TOO_LARGE: u8 = 4;
  export const NETWORK_PROHIBITED: u8 = 9;
  export const HOST_PROHIBITED: u8 = 10;
  export const PROHIBITED: u8 = 13;
}

/** Codes of TIME_EXCEEDED. */
export namespace TimeExceeded {
  export const IN_TRANSIT: u8 = 0;
  export const REASSEMBLY: u8 = 1;
}
