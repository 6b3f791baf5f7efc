/**
 * Finds a place for the data of devices: behind all static data, below the heap. The collector takes nothing
 * below the heap for an object of its own, so it never looks at them. They come into the image after the
 * optimiser (link/core.ts), which is spared megabytes that it could do nothing about.
 */
import type { DeviceData } from "../data.js";
import { DEVICES_PATH } from "../generate.js";
import type { Binaryen, Module } from "./optimise.js";

/** Data that has its place in memory. */
export interface PlacedData {
  readonly name: string;
  readonly address: number;
  readonly bytes: Uint8Array;
  readonly digest: string;
}

/** The compiler's name of the first address of the heap. */
const HEAP_BASE = "~lib/memory/__heap_base";
const ALIGNMENT = 16;

function constantOf(binaryen: Binaryen, module: Module, name: string): number {
  const { init } = binaryen.getGlobalInfo(module.getGlobal(name));
  const { value } = binaryen.getExpressionInfo(init) as unknown as { value: number };
  return value >>> 0;
}

/** Makes a variable a constant; nothing if the module has none of that name. */
function setConstant(binaryen: Binaryen, module: Module, name: string, value: number): void {
  if (module.getGlobal(name) === 0) return;
  module.removeGlobal(name);
  module.addGlobal(name, binaryen.i32, false, module.i32.const(value | 0));
}

/**
 * Moves the heap up and tells generated code where its data lie. Equal data have one place.
 *
 * @param module as the compiler made it; is changed
 * @param data of the devices that are reached
 * @returns those that are to be added to the image, by address
 */
export function placeData(
  binaryen: Binaryen,
  module: Module,
  data: readonly DeviceData[],
): PlacedData[] {
  const placed = new Map<string, PlacedData>();
  let end = constantOf(binaryen, module, HEAP_BASE);
  for (const { name, bytes, digest, variables } of data) {
    let place = placed.get(digest);
    if (!place) {
      const address = Math.ceil(end / ALIGNMENT) * ALIGNMENT;
      place = { name, address, bytes, digest };
      placed.set(digest, place);
      end = address + bytes.length;
    }
    setConstant(binaryen, module, `${DEVICES_PATH}/${variables.address}`, place.address);
    setConstant(binaryen, module, `${DEVICES_PATH}/${variables.bytes}`, bytes.length);
  }
  if (placed.size > 0)
    setConstant(binaryen, module, HEAP_BASE, Math.ceil(end / ALIGNMENT) * ALIGNMENT);
  return [...placed.values()];
}
