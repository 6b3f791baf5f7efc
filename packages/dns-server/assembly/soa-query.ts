/** Which version a primary has: the question over UDP, and its answer (RFC 1034 §4.3.5). */
import {
  Flag,
  MALFORMED,
  MessageReader,
  MessageWriter,
  NAME_BUFFER_BYTES,
  Rcode,
  RecordClass,
  equalNames,
  readName,
  u32At,
} from "@phantasm/dns/wire";
import { AXFR, IXFR } from "./query";
import { ZoneVersion } from "./zone-version";

const SOA: i32 = 6;
const OPT: i32 = 41;
const ROOT: usize = memory.data<u8>([0]);
/** RFC 9715. */
const UDP_BYTES: i32 = 1232;
const SOA_BYTES_MIN: i32 = 22;
/** Header, question, and a SOA record or an OPT record. */
export const REQUEST_BYTES_MAX: i32 = 12 + 255 + 4 + 64;

/** What an answer says. */
export enum SoaAnswer {
  /** It is none to this question: forged, or late. */
  STRANGE,
  /** `serial` has it. */
  SERIAL,
  /** Ask without EDNS (RFC 6891 §7). */
  PLAIN,
  /** It did not fit. */
  TRUNCATED,
  /** The primary has no such zone, or makes no sense. */
  FAILED,
}

/** One object for all zones. */
@final
export class SoaQuery {
  serial: u32 = 0;
  /** Of the last answer. */
  rcode: i32 = 0;
  private readonly reader: MessageReader = new MessageReader();
  private readonly writer: MessageWriter = new MessageWriter();
  private readonly owner: usize = heap.alloc(<usize>NAME_BUFFER_BYTES);

  /** Writes the question to REQUEST_BYTES_MAX bytes; returns its bytes. */
  write(to: usize, id: i32, name: usize, nameBytes: i32, withEdns: bool): i32 {
    const writer = this.writer;
    writer.begin(to, REQUEST_BYTES_MAX, id, 0);
    writer.question(name, nameBytes, SOA, RecordClass.IN);
    if (withEdns) writer.record(2, ROOT, 1, OPT, UDP_BYTES, 0, 0);
    return writer.bytes;
  }

  /** The request for a transfer; `since`, unless it is null, is there already, and changes are enough. */
  writeTransfer(to: usize, id: i32, name: usize, nameBytes: i32, since: ZoneVersion | null): i32 {
    const writer = this.writer;
    writer.begin(to, REQUEST_BYTES_MAX, id, 0);
    writer.question(name, nameBytes, since === null ? AXFR : IXFR, RecordClass.IN);
    if (since !== null) {
      // The names are of no account (RFC 1995 §3).
      const data = writer.record(1, name, nameBytes, SOA, RecordClass.IN, 0, SOA_BYTES_MIN);
      store<u16>(data, 0);
      memory.copy(data + 2, since.soa, 20);
    }
    return writer.bytes;
  }

  read(message: usize, bytes: i32, id: i32, name: usize, nameBytes: i32): SoaAnswer {
    const reader = this.reader;
    if (!reader.begin(message, bytes) || reader.id != id) return SoaAnswer.STRANGE;
    const flags = reader.flags;
    if ((flags & (Flag.RESPONSE | Flag.OPCODE)) != Flag.RESPONSE) return SoaAnswer.STRANGE;
    this.rcode = reader.rcode;
    const isPlain = this.rcode == Rcode.FORMAT_ERROR || this.rcode == Rcode.NOT_IMPLEMENTED;
    if (reader.questions == 0 && isPlain) return SoaAnswer.PLAIN;
    if (reader.questions != 1 || !reader.question()) return SoaAnswer.STRANGE;
    if (reader.type != SOA || reader.class != RecordClass.IN) return SoaAnswer.STRANGE;
    if (!this.isOwned(name, nameBytes)) return SoaAnswer.STRANGE;
    if (isPlain) return SoaAnswer.PLAIN;
    if (this.rcode != Rcode.NO_ERROR) return SoaAnswer.FAILED;
    if (flags & Flag.TRUNCATED) return SoaAnswer.TRUNCATED;
    // Whoever has it from others may be behind them.
    if (!(flags & Flag.AUTHORITATIVE)) return SoaAnswer.FAILED;
    for (let left = reader.answers; left > 0; left--) {
      if (!reader.record()) return SoaAnswer.FAILED;
      if (reader.type != SOA || reader.class != RecordClass.IN) continue;
      if (reader.dataBytes < SOA_BYTES_MIN || !this.isOwned(name, nameBytes)) continue;
      this.serial = u32At(message + <usize>(reader.data + reader.dataBytes - 20));
      return SoaAnswer.SERIAL;
    }
    return SoaAnswer.FAILED;
  }

  private isOwned(name: usize, nameBytes: i32): bool {
    const reader = this.reader;
    const bytes = readName(reader.message, reader.bytes, reader.name, this.owner);
    return bytes != MALFORMED && equalNames(this.owner, bytes, name, nameBytes);
  }
}
