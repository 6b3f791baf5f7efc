import { expect, test } from "@phantasm/testing";
import { Durability } from "../durable/keeper";
import { TestServer, step } from "../testing";
import { StoreLimits } from "./limits";

const MESSAGE: string = "m".repeat(300);

function isTold(text: string): bool {
  return text.endsWith(MESSAGE + "\r\n");
}

test("a message reaches all others when one who hears it is closed for it", () => {
  const limits = new StoreLimits();
  limits.unsentBytes = 900;
  const server = new TestServer(null, Durability.NO, limits);
  const slow = server.client();
  const two = server.client();
  const three = server.client();
  const other = server.client();
  slow.ask("SUBSCRIBE c\r\nPSUBSCRIBE c* d*\r\n");
  two.ask("SUBSCRIBE c\r\n");
  three.ask("SUBSCRIBE c\r\n");
  slow.reads(0);
  // It has no room for this one, and goes while it is told to all.
  other.ask("PUBLISH d " + "x".repeat(500) + "\r\n");
  expect(slow.isOver).toBe(false);
  expect(other.ask("PUBLISH c " + MESSAGE + "\r\n")).toBe(":3\r\n");
  step();
  expect(slow.isOver).toBe(true);
  expect(isTold(two.heard())).toBe(true);
  expect(isTold(three.heard())).toBe(true);
});

test("a monitor that is closed takes nobody's line", () => {
  const limits = new StoreLimits();
  limits.unsentBytes = 1200;
  const server = new TestServer(null, Durability.NO, limits);
  const slow = server.client();
  const quick = server.client();
  const other = server.client();
  slow.ask("MONITOR\r\n");
  quick.ask("MONITOR\r\n");
  slow.reads(0);
  other.ask("ECHO " + "x".repeat(400) + "\r\n");
  expect(quick.heard().includes("xxx")).toBe(true);
  expect(slow.isOver).toBe(false);
  other.ask("ECHO " + "y".repeat(900) + "\r\n");
  step();
  expect(slow.isOver).toBe(true);
  expect(quick.heard().includes("yyy")).toBe(true);
});
