import { describe, expect, test } from "vitest";
import { device, type ServiceOptions } from "./device.js";

function net(services: readonly unknown[]) {
  return device({
    module: "./driver.ts",
    class: "Driver",
    provides: "Link",
    attachment: { type: "net", name: "lan", services: services as readonly ServiceOptions[] },
  });
}

describe("services of a net device", () => {
  test("may be any port of tcp or udp, with a scheme or without", () => {
    const services = [
      { port: 53, protocol: "udp" },
      { port: 53, protocol: "tcp" },
      { port: 65_535, protocol: "tcp", scheme: "https" },
    ];
    expect(net(services).attachment).toMatchObject({ services });
  });

  test.each([
    [{ port: 0, protocol: "tcp" }, "the port of a service is 1 to 65535, got 0"],
    [{ port: "80", protocol: "tcp" }, 'the port of a service is 1 to 65535, got "80"'],
    [{ port: 80 }, 'the protocol of a service is "tcp" or "udp", got undefined'],
    [
      { port: 80, protocol: "tcp", scheme: "http://" },
      'the scheme of a service is a word such as "http", got "http://"',
    ],
  ])("%j is refused", (service, problem) => {
    expect(() => net([service])).toThrow(`net device "lan": ${problem}`);
  });

  test("are there once each, and not too many", () => {
    const web = { port: 80, protocol: "tcp" };
    expect(() => net([web, { ...web, scheme: "http" }])).toThrow(
      'net device "lan": the service 80/tcp is there twice',
    );
    const many = Array.from({ length: 65 }, (_, at) => ({ port: at + 1, protocol: "tcp" }));
    expect(() => net(many)).toThrow('net device "lan": at most 64 services, got 65');
  });
});
