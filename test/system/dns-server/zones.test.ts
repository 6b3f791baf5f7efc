/** Mistakes in zone files, as the command shows them. */
import { expect, test } from "vitest";
import { build } from "../../../toolchain/dist/build.js";
import { diagnosticsOf, project } from "../../support/project.js";

const CONFIGURATION = (
  options = "",
): string => `import { dnsServer, zones } from "@phantasm/dns-server";
import { network } from "@phantasm/net";
import { tcpStack } from "@phantasm/stack";
import { unikernel } from "phantasm";
export default unikernel("dns", {
  devices: {
    server: dnsServer(tcpStack(network("service")), zones(["./example.org.zone"]${options})),
  },
});
`;
const MAIN = `import { Devices } from "./.phantasm/devices";
export function main(os: Devices): void {
  os.server.start();
}
`;
const ZONE = "$TTL 1h\n@ SOA ns a 1 2h 30m 2w 10m\n@ NS ns\nns A 192.0.2.1\n";

async function report(zone: string | null, options = ""): Promise<string> {
  using made = project({
    "phantasm.config.ts": CONFIGURATION(options),
    "main.ts": MAIN,
    ...(zone === null ? {} : { "example.org.zone": zone }),
  });
  return await diagnosticsOf(made.directory, build({ directory: made.directory }));
}

test("a mistake in a zone: its file, line and column, at the line of the configuration", async () => {
  expect(await report(`${ZONE}www A 192.0.2.300\nwww MX mail\n`)).toBe(
    `phantasm.config.ts:7:53: zones: example.org.zone:5:7: expected an IPv4 address such as 192.0.2.1, got 192.0.2.300
  example.org.zone:6:8: it must be a number from 0 to 65535, got mail
      server: dnsServer(tcpStack(network("service")), zones(["./example.org.zone"])),
                                                      ^`,
  );
});

test("a file that is not there", async () => {
  expect(await report(null)).toMatch(
    /^phantasm\.config\.ts:7:53: zones: example\.org\.zone cannot be read: is there such a file\?\n/,
  );
});

test("what may be a mistake is a warning, or stops a strict build", async () => {
  const zone = `${ZONE}@ MX 1 gone\n`;
  const message =
    "example.org.zone:5:1: MX leads to gone.example.org., which has no address: add an A or AAAA record";
  expect(await report(zone, ", { strict: true }")).toContain(message);
  using made = project({
    "phantasm.config.ts": CONFIGURATION(),
    "main.ts": MAIN,
    "example.org.zone": zone,
  });
  const { warnings } = await build({ directory: made.directory });
  expect(warnings).toMatchObject([{ message, line: 7 }]);
});

test("wrong options", async () => {
  expect(await report(ZONE, ", { strickt: true }")).toContain(
    'zones: there is no option "strickt"; did you mean strict?',
  );
});
