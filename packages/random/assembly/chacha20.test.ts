import { expect, test } from "@phantasm/testing";
import { chacha20 } from "./chacha20";

function bytes(hexadecimal: string): Uint8Array {
  const result = new Uint8Array(hexadecimal.length / 2);
  for (let i = 0; i < result.length; i++)
    result[i] = <u8>I32.parseInt(hexadecimal.substring(2 * i, 2 * i + 2), 16);
  return result;
}

function hexadecimal(bytes: Uint8Array): string {
  let text = "";
  for (let i = 0; i < bytes.length; i++) text += bytes[i].toString(16).padStart(2, "0");
  return text;
}

/** Key stream for a key and a nonce in hexadecimal. */
function stream(key: string, counter: u32, nonce: string, blocks: i32): string {
  const keyBytes = bytes(key);
  const nonceBytes = bytes(nonce);
  const out = new Uint8Array(64 * blocks);
  const words = nonceBytes.dataStart;
  chacha20(
    keyBytes.dataStart,
    counter,
    load<u32>(words),
    load<u32>(words, 4),
    load<u32>(words, 8),
    out.dataStart,
    blocks,
  );
  return hexadecimal(out);
}

const ZERO_KEY = "00".repeat(32);
const ZERO_NONCE = "00".repeat(12);
const COUNTING_KEY = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

test("RFC 8439 §2.3.2", () => {
  expect(stream(COUNTING_KEY, 1, "000000090000004a00000000", 1)).toBe(
    "10f1e7e4d13b5915500fdd1fa32071c4c7d1f4c733c068030422aa9ac3d46c4e" +
      "d2826446079faa0914c2d705d98b02a2b5129cd1de164eb9cbd083e8a2503c4e",
  );
});

test("RFC 8439 §2.4.2: the key stream of the sunscreen text, over two blocks", () => {
  const text =
    "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, " +
    "sunscreen would be it.";
  const keystream = bytes(stream(COUNTING_KEY, 1, "000000000000004a00000000", 2));
  const cipher = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) cipher[i] = (<u8>text.charCodeAt(i)) ^ keystream[i];
  expect(hexadecimal(cipher)).toBe(
    "6e2e359a2568f98041ba0728dd0d6981e97e7aec1d4360c20a27afccfd9fae0b" +
      "f91b65c5524733ab8f593dabcd62b3571639d624e65152ab8f530c359f0861d8" +
      "07ca0dbf500d6a6156a38e088a22b65e52bc514d16ccf806818ce91ab7793736" +
      "5af90bbf74a35be6b40b8eedf2785e42874d",
  );
});

test("RFC 8439 §A.1, vectors 1 to 5", () => {
  expect(stream(ZERO_KEY, 0, ZERO_NONCE, 1)).toBe(
    "76b8e0ada0f13d90405d6ae55386bd28bdd219b8a08ded1aa836efcc8b770dc7" +
      "da41597c5157488d7724e03fb8d84a376a43b8f41518a11cc387b669b2ee6586",
  );
  expect(stream(ZERO_KEY, 1, ZERO_NONCE, 1)).toBe(
    "9f07e7be5551387a98ba977c732d080dcb0f29a048e3656912c6533e32ee7aed" +
      "29b721769ce64e43d57133b074d839d531ed1f28510afb45ace10a1f4b794d6f",
  );
  expect(stream("00".repeat(31) + "01", 1, ZERO_NONCE, 1)).toBe(
    "3aeb5224ecf849929b9d828db1ced4dd832025e8018b8160b82284f3c949aa5a" +
      "8eca00bbb4a73bdad192b5c42f73f2fd4e273644c8b36125a64addeb006c13a0",
  );
  expect(stream("00ff" + "00".repeat(30), 2, ZERO_NONCE, 1)).toBe(
    "72d54dfbf12ec44b362692df94137f328fea8da73990265ec1bbbea1ae9af0ca" +
      "13b25aa26cb4a648cb9b9d1be65b2c0924a66c54d545ec1b7374f4872e99f096",
  );
  expect(stream(ZERO_KEY, 0, "000000000000000000000002", 1)).toBe(
    "c2c64d378cd536374ae204b9ef933fcd1a8b2288b3dfa49672ab765b54ee27c7" +
      "8a970e0e955c14f3a88e741b97c286f75f8fc299e8148362fa198a39531bed6d",
  );
});

test("several blocks at once are the blocks one by one", () => {
  const nonce = "0102030405060708090a0b0c";
  const together = stream(COUNTING_KEY, 7, nonce, 3);
  let one = "";
  for (let i = 0; i < 3; i++) one += stream(COUNTING_KEY, 7 + i, nonce, 1);
  expect(together).toBe(one);
});
