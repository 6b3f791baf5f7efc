/**
 * ICMP errors about packets of flows (RFC 5508 §4): translated with the packet that they quote, so that the host
 * which hears of it knows it as its own.
 */
import { checksum, fold, sumOf } from "@phantasm/ip/checksum";
import { ICMP_HEADER_BYTES, Transit } from "./transit";
import { End, translate } from "./translation";


@final
export class Related {
  /** The quoted packet. */
  readonly quote: Transit = new Transit();

  /** Reads what an error quotes. False: its checksum is wrong, or it quotes nothing of use. */
  parse(error: Transit): bool {
    const at = error.transport;
    const bytes = error.transportBytes;
    // RFC 5508 REQ-3 (a): with a wrong checksum it is dropped. One that is cut up cannot be looked at.
    if (error.isFragment || error.isPartial || fold(sumOf(at, bytes)) != 0xffff) return false;
    return this.quote.parseQuote(at + ICMP_HEADER_BYTES, bytes - ICMP_HEADER_BYTES);
  }

  /**
   * Gives one end of the quoted packet another address and port, and the same address to the error's own end: an error
   * goes the other way than what it is about.
   */
  translate(error: Transit, quotedEnd: End, address: u32, port: u16): void {
    translate(this.quote, quotedEnd, address, port);
    const end = quotedEnd == End.SOURCE ? End.DESTINATION : End.SOURCE;
    translate(error, end, address, 0);
    const at = error.transport;
    store<u16>(at, 0, 2);
    store<u16>(at, checksum(sumOf(at, error.transportBytes)), 2);
  }
}
