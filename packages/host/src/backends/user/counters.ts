/** What the user network counts beside frames and bytes. */
import { newLinkCounters } from "../link.js";
import type { LinkCounters } from "../types.js";

export interface UserCounters extends LinkCounters {
  /** Frames of the guest that no parser could read. */
  malformed: number;
  badChecksums: number;
  /** Fragments are not put together: the link carries any packet whole. */
  fragments: number;
  /** Frames with a source or destination that this network has not. */
  unroutable: number;
  /** Connections and datagrams that egress rules refused. */
  egressDenied: number;
  /** TCP connections opened, in either direction. */
  tcpOpened: number;
  /** TCP connections refused because a limit was reached. */
  tcpRefused: number;
  /** TCP connections reset to make room in the memory of streams: nothing of theirs had moved. */
  tcpEvicted: number;
  /** Segments of the guest dropped for want of that memory. */
  tcpDropped: number;
  /** TCP connections ended by a time-out. */
  tcpTimedOut: number;
  tcpRetransmissions: number;
  /** UDP flows opened, in either direction. */
  udpOpened: number;
  /** UDP flows closed early, to make room for another. */
  udpEvicted: number;
  /** Datagrams given up: a queue was full, or they were too long. */
  udpDropped: number;
  dnsQueries: number;
  /** Answered SERVFAIL or REFUSED, or not at all. */
  dnsFailures: number;
}

export function newUserCounters(): UserCounters {
  return {
    ...newLinkCounters(),
    malformed: 0,
    badChecksums: 0,
    fragments: 0,
    unroutable: 0,
    egressDenied: 0,
    tcpOpened: 0,
    tcpRefused: 0,
    tcpEvicted: 0,
    tcpDropped: 0,
    tcpTimedOut: 0,
    tcpRetransmissions: 0,
    udpOpened: 0,
    udpEvicted: 0,
    udpDropped: 0,
    dnsQueries: 0,
    dnsFailures: 0,
  };
}
