import { expect, it } from "vitest";
import { parsePublishOption } from "./publish-option.js";

const tcp = (hostAddress: string, hostPort: number, guestPort: number) => ({
  protocol: "tcp",
  hostAddress,
  hostPort,
  guestPort,
});
/** Whichever the image declares. */
const any = (hostAddress: string, hostPort: number, guestPort: number) => ({
  ...tcp(hostAddress, hostPort, guestPort),
  protocol: null,
});

it.each([
  ["8080:80", null, any("127.0.0.1", 8080, 80)],
  ["0:80", null, any("127.0.0.1", 0, 80)],
  ["8080:80/tcp", null, tcp("127.0.0.1", 8080, 80)],
  ["5353:53/udp", null, { ...tcp("127.0.0.1", 5353, 53), protocol: "udp" }],
  ["0.0.0.0:8080:80", null, any("0.0.0.0", 8080, 80)],
  ["[::1]:8080:80", null, any("::1", 8080, 80)],
  ["service:8080:80", "service", any("127.0.0.1", 8080, 80)],
  ["lan:10.0.0.1:8080:80", "lan", any("10.0.0.1", 8080, 80)],
  ["lan:[fd00::1]:5353:53/udp", "lan", { ...tcp("fd00::1", 5353, 53), protocol: "udp" }],
])("-p %s is read", (text, name, description) => {
  expect(parsePublishOption(text)).toEqual({ name, description });
});

it.each([
  ["", "the port of the host or that of the guest is missing"],
  ["80", "the port of the host or that of the guest is missing"],
  ["8080:0", '"0" is no port of the guest'],
  ["8080:", '"" is no port of the guest'],
  ["65536:80", '"65536" is no port of the host'],
  [":80", '"" is no port of the host'],
  ["8080:http", '"http" is no port of the guest'],
  ["1.2.3:8080:80", '"1.2.3" is no address of the host'],
  ["[::g]:8080:80", '"[::g]" is no address of the host'],
  ["::1:8080:80", "the port of the host or that of the guest is missing"],
  ["8080:80/sctp", '"sctp" is neither tcp nor udp'],
])("-p %s is refused: %s", (text, problem) => {
  expect(() => parsePublishOption(text)).toThrow(`-p ${text}: ${problem}\nthe form is -p [NAME:]`);
});
