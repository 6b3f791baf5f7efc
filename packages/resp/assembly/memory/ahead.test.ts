import { expect, test } from "@phantasm/testing";
import { TestRandom } from "@phantasm/testing/random";
import { KEY_HEAD_BYTES } from "../data/object";
import { bytesOf } from "../testing";
import { lookAhead } from "./ahead";
import { seedHash } from "./siphash";
import { newTable } from "./table";

function look(text: string): i32 {
  const table = newTable(KEY_HEAD_BYTES);
  const bytes = bytesOf(text);
  const looked = lookAhead(table, bytes.dataStart, bytes.dataStart + bytes.length);
  table.freeBuckets();
  return looked;
}

const GET: string = "*2\r\n$3\r\nGET\r\n$5\r\nmykey\r\n";

test("as many requests as are there with a key each, at most 16, are looked at", () => {
  expect(look("")).toBe(1);
  expect(look(GET)).toBe(1);
  expect(look(GET + GET)).toBe(2);
  expect(look(GET.repeat(40))).toBe(16);
  expect(look(GET + GET + GET.slice(0, GET.length - 1))).toBe(2);
  expect(look(GET + GET + "*1\r\n$4\r\nPING\r\n" + GET)).toBe(2);
  expect(look(GET + GET + "PING\r\n" + GET)).toBe(2);
  expect(look(GET + GET + "*3\r\n$4\r\nMGET\r\n$1\r\na\r\n$-1\r\n" + GET)).toBe(2);
});

test("whatever the bytes are, nothing behind them is read", () => {
  const random = new TestRandom(11);
  seedHash(random);
  const alphabet = "*$\r\n0123456789aG";
  const table = newTable(KEY_HEAD_BYTES);
  // The last bytes of the memory: what reads behind them ends the test.
  const page = (<usize>memory.grow(1)) << 16;
  const end = page + 65536;
  for (let round = 0; round < 20_000; round++) {
    const length = <i32>random.below(120);
    const start = end - <usize>length;
    const template = bytesOf(GET.repeat(5));
    const isBroken = round % 2 == 0;
    for (let at = 0; at < length; at++) {
      const byte = isBroken && random.below(30) != 0 ? template[at] : randomByte(random, alphabet);
      store<u8>(start + <usize>at, byte);
    }
    const looked = lookAhead(table, start, end);
    expect(looked >= 1 && looked <= 16).toBe(true);
  }
  table.freeBuckets();
});

function randomByte(random: TestRandom, alphabet: string): u8 {
  return <u8>alphabet.charCodeAt(<i32>random.below(alphabet.length));
}
