/** What every link shares: counters and the limits of a frame. */
import { Limit } from "@phantasm/abi";
import type { LinkCounters } from "./types.js";

/** virtio_net_hdr in front of every frame at the boundary. */
export const HEADER_BYTES = Limit.FRAME_HEADER_BYTES;
/** Destination, source, type. */
export const ETHERNET_HEADER_BYTES = 14;
/** Ethernet header and the largest IP packet. */
export const ETHERNET_BYTES_MAX = Limit.FRAME_BYTES_MAX - HEADER_BYTES;
/** Bytes a device queues in one direction. */
export const QUEUE_BYTES_MAX = Limit.QUEUE_BYTES_MAX;

/** RFC 894; what every switch port and QEMU link carries unless told otherwise. */
export const MTU_DEFAULT = 1500;
/** RFC 791 §3.2: the least an IPv4 link carries. */
export const MTU_MIN = 68;
export const MTU_MAX = 65_535;

export function newLinkCounters(): LinkCounters {
  return { sentFrames: 0, sentBytes: 0, receivedFrames: 0, receivedBytes: 0, droppedFrames: 0 };
}

/** Throws RangeError for an MTU no link can have: the caller's mistake. */
export function checkMtu(mtu: number): number {
  if (Number.isInteger(mtu) && mtu >= MTU_MIN && mtu <= MTU_MAX) return mtu;
  throw new RangeError(`an MTU is a whole number from ${MTU_MIN} to ${MTU_MAX}, not ${mtu}`);
}
