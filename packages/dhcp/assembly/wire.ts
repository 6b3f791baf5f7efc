/**
 * Messages of DHCP (RFC 2131 §2, RFC 2132): reading what servers send, writing what a client sends. Nothing here
 * knows of time or states.
 *
 * ```
 *   0  op, htype, hlen, hops    4  xid     8  secs, flags
 *  12  ciaddr  16  yiaddr      20  siaddr  24  giaddr
 *  28  chaddr[16]  44  sname[64]  108  file[128]  236  magic cookie  240  options
 * ```
 */

/** Ports of RFC 2131 §4.1. */
export const SERVER_PORT: u16 = 67;
export const CLIENT_PORT: u16 = 68;

/** Option 53. */
export namespace MessageType {
  export const NONE: i32 = 0;
  export const DISCOVER: i32 = 1;
  export const OFFER: i32 = 2;
  export const REQUEST: i32 = 3;
  export const DECLINE: i32 = 4;
  export const ACK: i32 = 5;
  export const NAK: i32 = 6;
  export const RELEASE: i32 = 7;
}

/** Codes of the IANA registry "BOOTP Vendor Extensions and DHCP Options". */
export namespace Option {
  export const PAD: u8 = 0;
  export const SUBNET_MASK: u8 = 1;
  export const ROUTERS: u8 = 3;
  export const NAME_SERVERS: u8 = 6;
  export const HOST_NAME: u8 = 12;
  export const DOMAIN_NAME: u8 = 15;
  export const INTERFACE_MTU: u8 = 26;
  export const REQUESTED_ADDRESS: u8 = 50;
  export const LEASE_TIME: u8 = 51;
  export const OVERLOAD: u8 = 52;
  export const MESSAGE_TYPE: u8 = 53;
  export const SERVER_ID: u8 = 54;
  export const PARAMETER_LIST: u8 = 55;
  export const MESSAGE_BYTES_MAX: u8 = 57;
  export const RENEWAL_TIME: u8 = 58;
  export const REBINDING_TIME: u8 = 59;
  export const CLIENT_ID: u8 = 61;
  export const CLASSLESS_ROUTES: u8 = 121;
  export const END: u8 = 255;
}

const BOOTREQUEST: u8 = 1;
const BOOTREPLY: u8 = 2;
const HTYPE_ETHERNET: u8 = 1;
const MAC_BYTES: u8 = 6;
const MAGIC_COOKIE: u32 = 0x63825363;
const FLAG_BROADCAST: u16 = 0x8000;

const SNAME_AT: i32 = 44;
const SNAME_BYTES: i32 = 64;
const FILE_AT: i32 = 108;
const FILE_BYTES: i32 = 128;
const OPTIONS_AT: i32 = 240;

/** Bytes of an option's value that are looked at, all its parts joined; a longer one counts as absent. */
export const OPTION_BYTES_MAX: i32 = 512;

/** Bytes of the longest message of a client. */
export const REQUEST_BYTES_MAX: i32 = 400;

/** Bytes of a host name that is sent (RFC 1035 §2.3.1: a label). */
export const HOST_NAME_BYTES_MAX: i32 = 63;

/** A shorter BOOTP message is dropped by some relays (RFC 1542 §2.1). */
const REQUEST_BYTES_MIN: i32 = 300;

/** What a server may send us at once: an Ethernet frame's worth, without headers of IP and UDP. */
const ANSWER_BYTES_MAX: u16 = 1472;

/** The header and type of a reply, and a way to its options. One object, used again for each. */
export class Reply {
  /** Of MessageType; anything from 1 to 255. */
  messageType: i32 = 0;
  xid: u32 = 0;
  /** `yiaddr`: the address that is offered. */
  address: u32 = 0;
  /** Option 54; 0 if it is missing. */
  server: u32 = 0;
  /** Where `option` has put a value. */
  readonly value: usize = heap.alloc(OPTION_BYTES_MAX);

  private message: usize = 0;
  private bytes: i32 = 0;
  /** Option 52: 1 `file`, 2 `sname`, 3 both hold options. */
  private overload: i32 = 0;

  /**
   * Reads a message; the bytes stay where they are until the options have been read. False: not a DHCP reply to
   * this MAC address, or malformed.
   *
   * @param mac the address of the first of 6 bytes
   */
  parse(message: usize, bytes: i32, mac: usize): bool {
    if (bytes < OPTIONS_AT) return false;
    if (load<u8>(message) != BOOTREPLY) return false;
    if (load<u8>(message, 1) != HTYPE_ETHERNET || load<u8>(message, 2) != MAC_BYTES) return false;
    if (load<u32>(message, 28) != load<u32>(mac)) return false;
    if (load<u16>(message, 32) != load<u16>(mac, 4)) return false;
    if (u32At(message + 236) != MAGIC_COOKIE) return false;
    this.message = message;
    this.bytes = bytes;
    this.overload = 0;
    if (!isWellFormed(message + OPTIONS_AT, bytes - OPTIONS_AT)) return false;
    const overload = this.option(Option.OVERLOAD);
    if (overload >= 0) {
      const where = load<u8>(this.value);
      if (overload != 1 || where < 1 || where > 3) return false;
      this.overload = where;
      if ((where & 1) != 0 && !isWellFormed(message + FILE_AT, FILE_BYTES)) return false;
      if ((where & 2) != 0 && !isWellFormed(message + SNAME_AT, SNAME_BYTES)) return false;
    }
    if (!this.isForClient(mac)) return false;
    if (this.option(Option.MESSAGE_TYPE) != 1) return false;
    this.messageType = load<u8>(this.value);
    this.xid = u32At(message + 4);
    this.address = u32At(message + 16);
    this.server = this.u32(Option.SERVER_ID, 0);
    return true;
  }

  /** RFC 6842 §3: a server echoes our client identifier, or, an older one, leaves it out. */
  private isForClient(mac: usize): bool {
    const bytes = this.option(Option.CLIENT_ID);
    if (bytes < 0) return true;
    const value = this.value;
    return (
      bytes == 1 + MAC_BYTES &&
      load<u8>(value) == HTYPE_ETHERNET &&
      load<u32>(value, 1) == load<u32>(mac) &&
      load<u16>(value, 5) == load<u16>(mac, 4)
    );
  }

  /**
   * Puts the value of an option at `value`, and returns its bytes; -1: it is not there, or too long. One that
   * comes in parts is joined (RFC 3396 §7), in the order options, `file`, `sname` (§5).
   */
  option(code: u8): i32 {
    const message = this.message;
    let bytes = this.join(code, message + OPTIONS_AT, this.bytes - OPTIONS_AT, -1);
    if ((this.overload & 1) != 0) bytes = this.join(code, message + FILE_AT, FILE_BYTES, bytes);
    if ((this.overload & 2) != 0) bytes = this.join(code, message + SNAME_AT, SNAME_BYTES, bytes);
    return bytes > OPTION_BYTES_MAX ? -1 : bytes;
  }

  /** An option of four bytes; `absent` if it is not there or has another size. */
  u32(code: u8, absent: u32): u32 {
    return this.option(code) == 4 ? u32At(this.value) : absent;
  }

  /** Appends what a well-formed field has of an option to the `bytes` there are; -1: none yet. */
  private join(code: u8, field: usize, fieldBytes: i32, bytes: i32): i32 {
    for (let at = 0; at < fieldBytes;) {
      const found = load<u8>(field + at++);
      if (found == Option.END) break;
      if (found == Option.PAD) continue;
      const length = <i32>load<u8>(field + at++);
      if (found == code) {
        bytes = max(bytes, 0);
        if (bytes + length <= OPTION_BYTES_MAX) memory.copy(this.value + bytes, field + at, length);
        bytes += length;
      }
      at += length;
    }
    return bytes;
  }
}

/** No option reaches beyond the field. A missing END is forgiven: the field's own end will do. */
function isWellFormed(field: usize, fieldBytes: i32): bool {
  for (let at = 0; at < fieldBytes;) {
    const code = load<u8>(field + at++);
    if (code == Option.END) return true;
    if (code == Option.PAD) continue;
    if (at == fieldBytes) return false;
    at += 1 + <i32>load<u8>(field + at);
    if (at > fieldBytes) return false;
  }
  return true;
}

/** What a client says. */
export class Request {
  messageType: i32 = 0;
  xid: u32 = 0;
  /** Since the client began to look for an address. */
  seconds: u16 = 0;
  /** The answer is to be broadcast, since no address is ours yet. */
  wantsBroadcast: bool = false;
  /** `ciaddr`: the address that is ours. */
  clientAddress: u32 = 0;
  /** Option 50; 0: it is left out. */
  requestedAddress: u32 = 0;
  /** Option 54; 0: it is left out. */
  server: u32 = 0;

  /**
   * Writes it to `to`, at most REQUEST_BYTES_MAX bytes, and returns how many.
   *
   * @param mac the address of the first of 6 bytes
   * @param hostName the address of its first byte
   * @param hostNameBytes at most HOST_NAME_BYTES_MAX; 0: none is sent
   */
  emit(to: usize, mac: usize, hostName: usize, hostNameBytes: i32): i32 {
    memory.fill(to, 0, REQUEST_BYTES_MAX);
    store<u8>(to, BOOTREQUEST);
    store<u8>(to, HTYPE_ETHERNET, 1);
    store<u8>(to, MAC_BYTES, 2);
    putU32(to + 4, this.xid);
    putU16(to + 8, this.seconds);
    putU16(to + 10, this.wantsBroadcast ? FLAG_BROADCAST : 0);
    putU32(to + 12, this.clientAddress);
    memory.copy(to + 28, mac, MAC_BYTES);
    putU32(to + 236, MAGIC_COOKIE);

    let at = to + OPTIONS_AT;
    at = header(at, Option.MESSAGE_TYPE, 1);
    store<u8>(at++, <u8>this.messageType);
    // RFC 2132 §9.14: hardware type and address; with it, a lease survives a change of the stack in front of it.
    at = header(at, Option.CLIENT_ID, 1 + MAC_BYTES);
    store<u8>(at++, HTYPE_ETHERNET);
    memory.copy(at, mac, MAC_BYTES);
    at += MAC_BYTES;
    if (this.requestedAddress != 0)
      at = option32(at, Option.REQUESTED_ADDRESS, this.requestedAddress);
    if (this.server != 0) at = option32(at, Option.SERVER_ID, this.server);
    // RFC 2131 §4.4.1, table 5: DECLINE and RELEASE ask for nothing.
    if (this.messageType == MessageType.DISCOVER || this.messageType == MessageType.REQUEST) {
      at = header(at, Option.MESSAGE_BYTES_MAX, 2);
      putU16(at, ANSWER_BYTES_MAX);
      // RFC 3442: the classless routes are asked for before the routers.
      at = header(at + 2, Option.PARAMETER_LIST, 9);
      store<u8>(at++, Option.SUBNET_MASK);
      store<u8>(at++, Option.CLASSLESS_ROUTES);
      store<u8>(at++, Option.ROUTERS);
      store<u8>(at++, Option.NAME_SERVERS);
      store<u8>(at++, Option.DOMAIN_NAME);
      store<u8>(at++, Option.INTERFACE_MTU);
      store<u8>(at++, Option.LEASE_TIME);
      store<u8>(at++, Option.RENEWAL_TIME);
      store<u8>(at++, Option.REBINDING_TIME);
      if (hostNameBytes > 0) {
        at = header(at, Option.HOST_NAME, <u8>hostNameBytes);
        memory.copy(at, hostName, hostNameBytes);
        at += hostNameBytes;
      }
    }
    store<u8>(at++, Option.END);
    return max(<i32>(at - to), REQUEST_BYTES_MIN);
  }
}

function header(at: usize, code: u8, bytes: u8): usize {
  store<u8>(at, code);
  store<u8>(at, bytes, 1);
  return at + 2;
}

function option32(at: usize, code: u8, value: u32): usize {
  at = header(at, code, 4);
  putU32(at, value);
  return at + 4;
}

// @ts-ignore: decorator
@inline
export function u32At(at: usize): u32 {
  return bswap(load<u32>(at));
}

// @ts-ignore: decorator
@inline
function putU32(at: usize, value: u32): void {
  store<u32>(at, bswap(value));
}

// @ts-ignore: decorator
@inline
function putU16(at: usize, value: u16): void {
  store<u16>(at, bswap(value));
}
