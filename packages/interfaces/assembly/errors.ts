/**
 * What an operation that may fail returns: 0 or a count when it went well, else one of these negative
 * numbers. They tell of circumstances; a mistake of the caller (a range outside its array, a second
 * reader) ends the domain with a message instead.
 *
 * Each layer has a range of its own: -1 to -15 are the boundary's (Errno), -16 to -31 the runtime's, -32
 * to -63 the network's, -64 to -95 those of storage.
 */
import { Errno } from "@phantasm/abi";

export { Errno };

/** The wait was given up because its fibre, or the waiting itself, was cancelled. */
export const CANCELLED: i32 = -16;

/** The deadline passed first. */
export const TIMED_OUT: i32 = -17;

/** The other side is closed, and nothing is left of what it sent. */
export const CLOSED: i32 = -18;

/** A pool or queue is empty or full, as far as it may grow. */
export const EXHAUSTED: i32 = -19;

/** Not an error: the answer comes later, to the handler that was given. */
export const PENDING: i32 = -20;

/** The other host has nobody there: RST for a connection that was being made, port unreachable for a datagram. */
export const REFUSED: i32 = -32;

/** The other side broke the connection off. */
export const RESET: i32 = -33;

/** Nobody on the way knows how to get there, or the neighbour is silent. */
export const UNREACHABLE: i32 = -34;

/** There is no route, or no address to send from yet. */
export const NO_ROUTE: i32 = -35;

/** Larger than what may travel in one piece. */
export const TOO_LARGE: i32 = -36;

/** The port is taken. */
export const ADDRESS_IN_USE: i32 = -37;

/** The address of ours that it used is gone. */
export const ADDRESS_LOST: i32 = -38;

/** The name does not exist, or has no address. */
export const NO_SUCH_NAME: i32 = -39;

/** The name servers could not answer, or would not. */
export const NAME_SERVER_FAILED: i32 = -40;

/** There is no such key, file or directory. */
export const NOT_FOUND: i32 = -64;

/** There is one of that name already. */
export const EXISTS: i32 = -65;

/** What was read is not what was written: a checksum does not fit. Nothing of it is handed out. */
export const CORRUPT: i32 = -66;

/** A condition of a batch does not hold: somebody else has changed the key. */
export const CONFLICT: i32 = -67;

/** What is on the device is not of this kind, of a version that is not known, or made for another size; or it is too small. */
export const WRONG_FORMAT: i32 = -68;

/** A directory where a file is needed. */
export const IS_DIRECTORY: i32 = -69;

/** A file where a directory is needed. */
export const NOT_DIRECTORY: i32 = -70;

/** A directory that has entries cannot be removed. */
export const NOT_EMPTY: i32 = -71;

/** The name cannot be one: empty, too long, or with characters that are not allowed there. */
export const BAD_NAME: i32 = -72;

/** An error in words, for an operator; an image that never asks has none of them. */
export function errorText(error: i32): string {
  switch (error) {
    case 0:
      return "it went well";
    case Errno.AGAIN:
      return "not now";
    case Errno.IO:
      return "the device failed";
    case Errno.NOSPACE:
      return "no space is left";
    case Errno.READONLY:
      return "it is read-only";
    case Errno.RANGE:
      return "it is beyond the end";
    case Errno.GONE:
      return "the device is gone";
    case CANCELLED:
      return "it was cancelled";
    case TIMED_OUT:
      return "it took too long";
    case CLOSED:
      return "it is closed";
    case PENDING:
      return "the answer comes later";
    case EXHAUSTED:
      return "a limit is reached";
    case REFUSED:
      return "nobody listens there";
    case RESET:
      return "the other side broke it off";
    case UNREACHABLE:
      return "it cannot be reached";
    case NO_ROUTE:
      return "there is no route to it";
    case TOO_LARGE:
      return "it is too large";
    case ADDRESS_IN_USE:
      return "the port is taken";
    case ADDRESS_LOST:
      return "the address it used is gone";
    case NO_SUCH_NAME:
      return "the name does not exist";
    case NAME_SERVER_FAILED:
      return "the name servers could not answer";
    case NOT_FOUND:
      return "it does not exist";
    case EXISTS:
      return "it exists already";
    case CORRUPT:
      return "the stored data is damaged";
    case CONFLICT:
      return "it was changed meanwhile";
    case WRONG_FORMAT:
      return "the device has another format or size";
    case IS_DIRECTORY:
      return "it is a directory";
    case NOT_DIRECTORY:
      return "it is not a directory";
    case NOT_EMPTY:
      return "the directory is not empty";
    case BAD_NAME:
      return "the name is not allowed";
    default:
      return `error ${error}`;
  }
}
