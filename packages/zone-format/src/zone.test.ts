import { describe, expect, test } from "vitest";
import { zoneOf, zonesOf } from "../../dns-server/test/zone-files.js";
import { compileZones } from "./compile.js";

const HEAD = "$TTL 1h\n@ SOA ns hostmaster 1 2h 30m 2w 10m\n@ NS ns\nns A 192.0.2.1\n";

describe("a zone", () => {
  test.each([
    ["@ 1 A 192.0.2.1", "example.org.zone:1:1: the zone has no SOA record: begin with one"],
    [
      "@ 1 SOA ns a 1 2 3 4 5\nns 1 A 192.0.2.1",
      "example.org.zone:1:1: the zone has no NS record at example.org.: add one for each of its servers",
    ],
    [
      `${HEAD}@ SOA ns other 1 2h 30m 2w 10m`,
      "example.org.zone:5:1: a zone has one SOA record: remove the others",
    ],
    [
      `${HEAD}a SOA ns other 1 2h 30m 2w 10m`,
      "example.org.zone:5:1: a zone has one SOA record, and that of example.org. comes first: remove this, or put it into a file of its own",
    ],
    [
      `${HEAD}www.example.com. A 192.0.2.1`,
      "example.org.zone:5:1: www.example.com. is not in the zone example.org.: is a dot at its end too much, or $ORIGIN missing?",
    ],
    [
      `${HEAD}a CNAME ns\na A 192.0.2.1`,
      "example.org.zone:5:1: a.example.org. has a CNAME and other records (A): keep either (RFC 1034 §3.6.2)",
    ],
    [
      `${HEAD}a CNAME ns\na CNAME b`,
      "example.org.zone:6:1: a name has one CNAME (RFC 2181 §10.1): remove the others",
    ],
    [
      `${HEAD}a DNAME b\nA DNAME c`,
      "example.org.zone:6:1: a name has one DNAME (RFC 6672 §2.4): remove the others",
    ],
    [
      `${HEAD}a DNAME b\nx.y.a A 192.0.2.1`,
      "example.org.zone:6:1: nothing may be below a.example.org., which has a DNAME (RFC 6672 §2.4)",
    ],
    [
      `${HEAD}a DNAME b\n NS ns`,
      "example.org.zone:5:1: a.example.org. has a DNAME and NS: keep either (RFC 6672 §2.3)",
    ],
    [
      `${HEAD}*.a NS ns`,
      "example.org.zone:5:1: a wildcard cannot have NS: what it would mean is not defined (RFC 4592 §4)",
    ],
    [
      `${HEAD}a A 192.0.2.1\nA A 192.0.2.1`,
      "example.org.zone:6:1: the same record is in line 5: remove one",
    ],
    [
      `${HEAD}a MX 1 ns\na MX 1 NS`,
      "example.org.zone:6:1: the same record is in line 5: remove one",
    ],
    [
      `${HEAD}a 5 A 192.0.2.1\na 6 A 192.0.2.2`,
      "example.org.zone:6:1: the time to live is 6, and 5 in line 5: records of one name and type have the same (RFC 2181 §5.2)",
    ],
    [
      `${HEAD}@ NS ns2`,
      "example.org.zone:5:1: NS leads to ns2.example.org., which has no address: add an A or AAAA record",
    ],
    [
      `${HEAD}sub NS ns.sub`,
      "example.org.zone:5:1: NS leads to ns.sub.example.org., which has no address: add an A or AAAA record",
    ],
    [
      `${HEAD}sub NS gone`,
      "example.org.zone:5:1: NS leads to gone.example.org., which has no address: add an A or AAAA record",
    ],
    [
      `${HEAD}$GENERATE 1-300 big TXT "\${0,250}"`,
      "example.org.zone:5:17: the records of this name and type have 78900 bytes; at most 65200 can be sent",
    ],
  ])("%j", (text, error) => {
    expect(zoneOf(text).problems.errors).toEqual([error]);
  });

  test.each([
    [
      `${HEAD}a MX 1 b\nb CNAME ns`,
      "example.org.zone:5:1: MX leads to b.example.org., which is an alias (RFC 2181 §10.3)",
    ],
    [
      `${HEAD}@ MX 1 192.0.2.25`,
      "example.org.zone:5:1: MX leads to 192.0.2.25.example.org.: it takes a name, not an address",
    ],
    [
      HEAD.replace("hostmaster", "hostmaster@example.org."),
      "example.org.zone:2:1: the mailbox is hostmaster\\@example.org.: instead of @ there is a dot, as in hostmaster.example.org. (RFC 1035 §8)",
    ],
    [
      `${HEAD}a MX 1 b`,
      "example.org.zone:5:1: MX leads to b.example.org., which has no address: add an A or AAAA record",
    ],
    [
      `${HEAD}@ NS b\nb CNAME ns`,
      "example.org.zone:5:1: NS leads to b.example.org., which is an alias (RFC 2181 §10.3)",
    ],
  ])("warns: %j", (text, warning) => {
    expect(zoneOf(text).problems).toMatchObject({ errors: [], warnings: [warning] });
  });

  test.each([
    `${HEAD}*.mail A 192.0.2.1\n@ MX 1 x.mail`,
    `${HEAD}sub NS ns.other\nother NS ns.other\nns.other AAAA ::1`,
    `${HEAD}sub NS ns.example.com.`,
    `${HEAD}@ MX 0 .`,
  ])("%j is one", (text) => {
    expect(zoneOf(text).problems).toMatchObject({ errors: [], warnings: [] });
  });
});

test("the same bytes, in whatever order the records are", () => {
  const lines = ["a A 192.0.2.1", "b MX 1 a", "*.c TXT x", "d.e.f CNAME b", "G AAAA ::1"];
  const [one, other] = [lines, [...lines].reverse()].map((some) =>
    compileZones(zoneOf(HEAD + some.join("\n")).zones),
  );
  expect(one?.equals(other ?? Buffer.alloc(0))).toBe(true);
});

test("zones below each other", () => {
  const files: Readonly<Record<string, string>> = {
    "/org.zone": "$TTL 1\n@ SOA a a 1 1 1 1 1\n@ NS ns.example.\ndn DNAME x.example.\n",
    "/a.dn.org.zone": "$TTL 1\n@ SOA a a 1 1 1 1 1\n@ NS ns.example.\n",
    "/lone.org.zone": "$TTL 1\n@ SOA a a 1 1 1 1 1\n@ NS ns.example.\n",
  };
  const { problems } = zonesOf(
    Object.keys(files).map((path) => ({ path, origin: path.slice(1, -5) })),
    (path) => files[path] ?? null,
  );
  expect(problems.errors).toEqual([
    "org.zone:4:1: dn.org. is an alias, and the zone a.dn.org. is in a.dn.org.zone: keep either",
  ]);
  expect(problems.warnings).toEqual([
    "a.dn.org.zone:1:1: org. does not delegate a.dn.org.: add NS records there",
    "lone.org.zone:1:1: org. does not delegate lone.org.: add NS records there",
  ]);
});
