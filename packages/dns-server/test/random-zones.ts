/** Zones that nobody would write: few labels, so that everything meets everything. */
import type { Dice } from "./queries.js";
import { zoneOf } from "./zone-files.js";

const LABELS = ["a", "b", "c", "*", "www", "ns"];
const LINES = 40;

function name(dice: Dice): string {
  const labels = Array.from({ length: 1 + dice.below(4) }, () => dice.of(LABELS));
  return labels.join(".");
}

/** A name of the zone, of another of the zones, or of nobody. */
function target(dice: Dice, origins: readonly string[]): string {
  const kind = dice.below(8);
  if (kind === 0) return `${name(dice)}.example.com.`;
  if (kind < 3) return `${name(dice)}.${dice.of(origins)}.`;
  return kind === 3 ? "@" : name(dice);
}

function record(dice: Dice, origins: readonly string[]): string {
  const octet = dice.below(256);
  switch (dice.below(10)) {
    case 0:
    case 1:
      return `A 192.0.2.${octet}`;
    case 2:
      return `AAAA 2001:db8::${octet.toString(16)}`;
    case 3:
      return `TXT "${octet}"`;
    case 4:
      return `MX ${octet} ${target(dice, origins)}`;
    case 5:
      return `SRV 0 0 ${octet} ${target(dice, origins)}`;
    case 6:
    case 7:
      return `CNAME ${target(dice, origins)}`;
    case 8:
      return `NS ${target(dice, origins)}`;
    default:
      return dice.below(2) === 0
        ? `DNAME ${target(dice, origins)}`
        : `DS 1 2 3 00${octet.toString(16).padStart(2, "0")}`;
  }
}

/** NSD takes a name for one that exists when a zone above has it, where it means nothing: see the README. */
function isOccluded(owner: string, origin: string, origins: readonly string[]): boolean {
  return origins.some(
    (one) => one.endsWith(`.${origin}`) && `${owner}.${origin}`.endsWith(`.${one}`),
  );
}

/** An alias there would contradict a zone that the server has: the build refuses it. */
function isAbove(owner: string, origin: string, origins: readonly string[]): boolean {
  return origins.some((one) => `.${one}`.endsWith(`.${owner}.${origin}`));
}

/** The text of a zone that is one: lines that the checks refuse are left out. */
export function randomZone(dice: Dice, origin: string, origins: readonly string[]): string {
  const below = origins.filter((one) => one.endsWith(`.${origin}`));
  const lines = [
    "$TTL 1h",
    `$ORIGIN ${origin}.`,
    "@ IN SOA server hostmaster 1 2h 30m 2w 10m",
    "@ IN NS server",
    "server IN A 192.0.2.1",
    ...below.map((one) => `${one}. IN NS server`),
    ...Array.from({ length: LINES }, () => ({ owner: name(dice), data: record(dice, origins) }))
      // All zones below are delegated, also those that a zone between them answers for.
      .filter(({ owner }) => !isOccluded(owner, origin, origins))
      .filter(({ owner, data }) => !/NAME/.test(data) || !isAbove(owner, origin, origins))
      .map(({ owner, data }) => `${owner} IN ${data}`),
  ];
  for (;;) {
    const { errors } = zoneOf(`${lines.join("\n")}\n`, origin).problems;
    if (errors.length === 0) return `${lines.join("\n")}\n`;
    const wrong = new Set(errors.map((error) => Number(/:(\d+):\d+:/.exec(error)?.[1]) - 1));
    const last = Math.max(...wrong);
    if (last < 5 + below.length) throw new Error(errors.join("\n"));
    lines.splice(last, 1);
  }
}
