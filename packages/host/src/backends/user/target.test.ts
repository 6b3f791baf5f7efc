import { expect, test } from "vitest";
import { parseAddress } from "./address.js";
import type { Packet } from "./packet.js";
import { targetOf } from "./target.js";

function kindOf(destination: string): string {
  const bytes = parseAddress(destination) ?? new Uint8Array(4);
  const packet = { address: () => bytes, destination: 0, destinationPort: 5353 };
  return targetOf(packet as unknown as Packet).kind;
}

/** As it stands in a header of IPv6. */
function kindOfMapped(a: number, b: number, c: number, d: number): string {
  const bytes = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, a, b, c, d);
  const packet = { address: () => bytes, destination: 0, destinationPort: 5353 };
  return targetOf(packet as unknown as Packet).kind;
}

test("groups are nobody's business, whatever they are written as", () => {
  expect(kindOf("224.0.0.251")).toBe("group");
  expect(kindOf("ff02::fb")).toBe("group");
  expect(kindOfMapped(224, 0, 0, 251)).toBe("nobody");
});

test("an IPv4 address in a header of IPv6 is nobody's", () => {
  expect(kindOf("192.0.2.1")).toBe("host");
  expect(kindOfMapped(192, 0, 2, 1)).toBe("nobody");
  expect(kindOfMapped(10, 0, 2, 2)).toBe("nobody");
});
