import { expect, test, world } from "@phantasm/testing";
import { ArgumentReader, CIDR, IPv4 } from "./arguments";

function encoded(values: StaticArray<u8>): Uint8Array {
  const array = new Uint8Array(values.length);
  for (let i = 0; i < values.length; i++) array[i] = values[i];
  return array;
}

test("reads a number, little-endian and signed", () => {
  world.setArguments(encoded([1, 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]));
  const reader = new ArgumentReader();
  expect(reader.present()).toBe(true);
  expect(reader.integer()).toBe(-2);
});

test("reads what follows without padding", () => {
  world.setArguments(encoded([1, 1, 1, 3, 0, 0, 0, 0x61, 0xc3, 0xa4, 1, 10, 0, 0, 2, 0, 1, 0]));
  const reader = new ArgumentReader();
  reader.present();
  expect(reader.boolean()).toBe(true);
  reader.present();
  expect(reader.text()).toBe("aä");
  reader.present();
  expect(reader.ipv4().toString()).toBe("10.0.0.2");
  expect(reader.present()).toBe(false);
  expect(reader.present()).toBe(true);
  expect(reader.boolean()).toBe(false);
});

test("reads a network", () => {
  world.setArguments(encoded([1, 192, 168, 7, 1, 24]));
  const reader = new ArgumentReader();
  reader.present();
  expect(reader.cidr().toString()).toBe("192.168.7.1/24");
});

test("an image without arguments reads none", () => {
  const reader = new ArgumentReader();
  expect(reader !== null).toBe(true);
});

test("an empty text is not an absent one", () => {
  world.setArguments(encoded([1, 0, 0, 0, 0]));
  const reader = new ArgumentReader();
  expect(reader.present()).toBe(true);
  expect(reader.text()).toBe("");
});

test("addresses print in dotted decimal", () => {
  expect(new IPv4(0xff000180).toString()).toBe("255.0.1.128");
  expect(new CIDR(new IPv4(0), 0).toString()).toBe("0.0.0.0/0");
});
