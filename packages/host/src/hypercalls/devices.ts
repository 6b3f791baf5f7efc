/** Handles: which device a call means, and the functions for net and block. */
import type { HypercallName } from "@phantasm/abi";
import { BlockPort } from "./block.js";
import { callIndex, type CallContext } from "./context.js";
import { NetPort } from "./net.js";

/** In the order of `manifest.devices`; the position is the handle. */
export type DevicePorts = readonly (NetPort | BlockPort)[];

const CALLS = {
  netInfo: callIndex("net_info"),
  netSend: callIndex("net_send"),
  netReceive: callIndex("net_receive"),
  blockInfo: callIndex("block_info"),
  blockSubmit: callIndex("block_submit"),
  blockComplete: callIndex("block_complete"),
};

/** The function for one import, or null when `name` is not of these groups. */
export function deviceCall(
  context: CallContext,
  ports: DevicePorts,
  name: HypercallName,
): WebAssembly.ImportValue | null {
  const net = (index: number, handle: number): NetPort => {
    context.enter(index);
    const port = ports[handle];
    if (port instanceof NetPort) return port;
    return context.bug(index, `handle ${handle} is not a net device`);
  };
  const block = (index: number, handle: number): BlockPort => {
    context.enter(index);
    const port = ports[handle];
    if (port instanceof BlockPort) return port;
    return context.bug(index, `handle ${handle} is not a block device`);
  };
  switch (name) {
    case "net_info":
      return (handle: number, ptr: number) => net(CALLS.netInfo, handle).info(ptr);
    case "net_send":
      return (handle: number, ptr: number, length: number) =>
        net(CALLS.netSend, handle).send(ptr, length);
    case "net_receive":
      return (handle: number, ptr: number, capacity: number) =>
        net(CALLS.netReceive, handle).receive(ptr, capacity);
    case "block_info":
      return (handle: number, ptr: number) => block(CALLS.blockInfo, handle).info(ptr);
    case "block_submit":
      return (
        handle: number,
        operation: number,
        sector: bigint,
        ptr: number,
        sectors: number,
        tag: number,
      ) => block(CALLS.blockSubmit, handle).submit(operation, sector, ptr, sectors, tag);
    case "block_complete":
      return (handle: number, ptr: number) => block(CALLS.blockComplete, handle).complete(ptr);
    default:
      return null;
  }
}
