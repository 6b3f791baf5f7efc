/** The load balancer between clients and backends, all of them appliances. */
import { beforeAll, describe, expect, test } from "vitest";
import type { Image } from "@phantasm/host";
import { SECOND, VirtualTime, type VirtualHost } from "@phantasm/host/testing";
import type { VirtualLink } from "@phantasm/host/testing";
import { Hub, boot, imageOf } from "./network.js";

let proxyImage: Image;
let peer: Image;

beforeAll(async () => {
  proxyImage = await imageOf("examples/proxy");
  peer = await imageOf("test/system/peer");
}, 300_000);

const PROXY = "10.0.0.1";
const NETMASK = "/24";

interface Server {
  readonly host: VirtualHost;
  readonly link: VirtualLink;
}

class Setup {
  readonly time = new VirtualTime();
  readonly front = new Hub(this.time);
  readonly back = new Hub(this.time);
  readonly proxy: VirtualHost;

  constructor(names: readonly string[], values: Readonly<Record<string, string>> = {}) {
    for (const name of names) this.serve(name);
    this.proxy = boot(
      proxyImage,
      this.time,
      { frontend: this.front.plug(), backend: this.back.plug() },
      {
        ipv4: PROXY + NETMASK,
        "backend-ipv4": `10.1.0.1${NETMASK}`,
        backends: names.map((name) => `${addressOf(name)}:7`).join(","),
        ...values,
      },
    );
    this.pass(10n);
  }

  /** A backend: its name is a letter. */
  serve(name: string): Server {
    const link = this.back.plug();
    const host = boot(peer, this.time, { link }, { ipv4: addressOf(name) + NETMASK, name });
    return { host, link };
  }

  client(values: Readonly<Record<string, string>>, number = 2): VirtualHost {
    return boot(
      peer,
      this.time,
      { link: this.front.plug() },
      { ipv4: `10.0.0.${number}${NETMASK}`, connect: `${PROXY}:8000`, ...values },
    );
  }

  /** Runs a client to its end; its lines, sorted. */
  run(values: Readonly<Record<string, string>>): readonly string[] {
    const client = this.client(values);
    client.run(600n * SECOND);
    return lines(client);
  }

  pass(seconds: bigint): void {
    this.proxy.advance(seconds * SECOND);
  }
}

function addressOf(name: string): string {
  return `10.1.0.${name.charCodeAt(0)}`;
}

function lines({ output }: VirtualHost): readonly string[] {
  return output.trimEnd().split("\n").sort();
}

describe("the proxy", () => {
  test("gives each backend its turn", () => {
    const setup = new Setup(["A", "B", "C"], { balance: "round-robin" });
    expect(setup.proxy.output).toBe("Port 8000 leads to 3 backends.\n");
    expect(setup.run({ clients: "6", bytes: "10" })).toEqual([
      ...["A 11", "A 11", "B 11", "B 11", "C 11", "C 11"],
    ]);
  });

  test("gives a connection to the backend that has the fewest", () => {
    const setup = new Setup(["A", "B"]);
    // One that stays: it reads slowly.
    const slow = setup.client({ bytes: "400000", pause: "500" }, 3);
    setup.pass(2n);
    const others = setup.run({ clients: "5", bytes: "10" });
    slow.run(600n * SECOND);
    const slowName = lines(slow)[0]?.[0] ?? "";
    expect(lines(slow)).toEqual([`${slowName} 400001`]);
    const other = slowName === "A" ? "B" : "A";
    expect(others.filter((line) => line === `${other} 11`)).toHaveLength(5);
  });

  test("hands everything over exactly, both ways at once, and both ends of the streams", () => {
    const setup = new Setup(["A", "B"]);
    const got = setup.run({ clients: "8", together: "8", bytes: "1000000" });
    expect(got).toEqual([
      ...Array<string>(4).fill("A 1000001"),
      ...Array<string>(4).fill("B 1000001"),
    ]);
  });

  test("keeps no more than the windows for a client that does not read", () => {
    const setup = new Setup(["A"]);
    const slow = setup.client({ bytes: "8000000", pause: "1000", timeout: "3000" });
    setup.pass(20n);
    const early = setup.proxy.observe()?.memoryBytes ?? 0;
    setup.pass(60n);
    expect(setup.proxy.observe()?.memoryBytes).toBe(early);
    expect(slow.exit).toBe(null);
    // The whole of it would not have fitted.
    expect(early).toBeLessThan(32_000_000);
  });

  test("takes a backend out that does not answer, and takes it back", () => {
    const setup = new Setup(["A"], {
      backends: `${addressOf("A")}:7,${addressOf("B")}:7`,
      check: "1s",
      balance: "round-robin",
    });
    setup.pass(10n);
    expect(setup.proxy.output).toContain(`${addressOf("B")}:7 is taken out.\n`);
    expect(setup.run({ clients: "4", bytes: "10" })).toEqual(Array<string>(4).fill("A 11"));
    const { link } = setup.serve("B");
    setup.pass(10n);
    expect(setup.proxy.output).toContain(`${addressOf("B")}:7 is back.\n`);
    expect(setup.run({ clients: "4", bytes: "10" })).toEqual(["A 11", "A 11", "B 11", "B 11"]);
    setup.back.cut(link);
    setup.pass(10n);
    expect(setup.proxy.output.endsWith(`${addressOf("B")}:7 is taken out.\n`)).toBe(true);
    expect(setup.run({ clients: "2", bytes: "10" })).toEqual(["A 11", "A 11"]);
  });

  test("asks another backend when one does not accept, before any check has told", () => {
    const setup = new Setup(["A"], {
      backends: `${addressOf("B")}:7,${addressOf("A")}:7`,
      check: "1h",
      patience: "500ms",
      balance: "round-robin",
    });
    expect(setup.run({ clients: "3", bytes: "10" })).toEqual(Array<string>(3).fill("A 11"));
    expect(setup.proxy.output).toContain(`${addressOf("B")}:7 is taken out.\n`);
  });

  test("resets clients when there is no backend, and when there are too many", () => {
    const none = new Setup([], { backends: `${addressOf("A")}:7`, check: "500ms" });
    none.pass(10n);
    expect(none.run({})).toEqual(["broken -33"]);
    const few = new Setup(["A"], { connections: "2" });
    const slow = few.client({ clients: "2", together: "2", bytes: "400000", pause: "500" }, 3);
    few.pass(2n);
    expect(few.run({})).toEqual(["broken -33"]);
    slow.run(600n * SECOND);
    expect(lines(slow)).toEqual(["A 400001", "A 400001"]);
    few.pass(10n);
    expect(few.run({ bytes: "3" })).toEqual(["A 4"]);
  });

  test("refuses a list of backends that is none", () => {
    const { proxy } = new Setup([], { backends: "10.0.0.1" });
    expect(proxy.exit?.status).toBe(2);
    expect(proxy.output).toBe("--backends: expected a list such as 10.0.0.2:80,10.0.0.3:80\n");
  });
});
