/** Compiled zones as the lines of master files, so that what is on a disk can be read, compared and compiled again. */
import type { CompiledZone, CompiledZones } from "./compiled.js";
import { nameText } from "./name.js";
import { type Field, typeName, typeOf } from "./types.js";

/** RFC 3597 §5: any data. */
function unknown(data: Buffer): string {
  return data.length === 0 ? "\\# 0" : `\\# ${data.length} ${data.toString("hex")}`;
}

function quoted(bytes: Buffer): string {
  const text = bytes
    .toString("latin1")
    .replace(/["\\]|[^\x20-\x7e]/g, (byte) =>
      byte === '"' || byte === "\\"
        ? `\\${byte}`
        : `\\${String(byte.charCodeAt(0)).padStart(3, "0")}`,
    );
  return `"${text}"`;
}

function address6(bytes: Buffer): string {
  const words = Array.from({ length: 8 }, (_, index) => bytes.readUInt16BE(2 * index).toString(16));
  // RFC 5952 §4.2: the longest run of zeros, of two at least.
  let best = { at: -1, length: 1 };
  for (let at = 0; at < 8; at++) {
    let length = 0;
    while (words[at + length] === "0") length++;
    if (length > best.length) best = { at, length };
    at += length;
  }
  if (best.at < 0) return words.join(":");
  const after = words.slice(best.at + best.length).join(":");
  return `${words.slice(0, best.at).join(":")}::${after}`;
}

/** What is left of the data. */
class Rest {
  constructor(public bytes: Buffer) {}

  take(count: number): Buffer {
    if (count > this.bytes.length) throw new RangeError("the data end too soon");
    const taken = this.bytes.subarray(0, count);
    this.bytes = this.bytes.subarray(count);
    return taken;
  }
}

function fieldText(field: Field, rest: Rest): string {
  switch (field) {
    case "u8":
      return String(rest.take(1)[0]);
    case "u16":
      return String(rest.take(2).readUInt16BE());
    case "u32":
    case "time":
      return String(rest.take(4).readUInt32BE());
    case "a":
      return rest.take(4).join(".");
    case "aaaa":
      return address6(rest.take(16));
    case "name": {
      let end = 0;
      while ((rest.bytes[end] ?? 0) > 0) end += 1 + (rest.bytes[end] ?? 0);
      return nameText(rest.take(end + 1).toString("latin1"));
    }
    case "text":
      return quoted(rest.take(rest.take(1)[0] ?? 0));
    case "texts": {
      const texts = [];
      do texts.push(fieldText("text", rest));
      while (rest.bytes.length > 0);
      return texts.join(" ");
    }
    case "octets":
      return quoted(rest.take(rest.bytes.length));
    case "tag":
      return rest.take(rest.take(1)[0] ?? 0).toString("latin1");
    case "hex":
      return rest.take(rest.bytes.length).toString("hex");
    case "base64":
      return rest.take(rest.bytes.length).toString("base64");
    case "parameters":
      throw new RangeError("parameters are dumped as they are");
  }
}

/** The data of a record in presentation form. */
export function dataText(type: number, data: Buffer): string {
  const fields = typeOf(type)?.fields;
  if (!fields) return unknown(data);
  const rest = new Rest(data);
  try {
    const texts = fields.map((field) => fieldText(field, rest));
    return rest.bytes.length === 0 && !texts.includes("") ? texts.join(" ") : unknown(data);
  } catch (error) {
    if (error instanceof RangeError) return unknown(data);
    throw error;
  }
}

/** One record a line, the SOA record first, names in canonical order. */
export function* dumpZone(zones: CompiledZones, zone: CompiledZone): Generator<string> {
  for (const node of zones.nodesOf(zone)) {
    const owner = nameText(zones.nameOf(node));
    const sets = zones.setsOf(node);
    if (node === zone.apex)
      sets.sort((a, b) => Number(b.at === zone.soa) - Number(a.at === zone.soa));
    for (const { type, ttl, records } of sets)
      for (const data of records)
        yield `${owner}\t${ttl}\tIN\t${typeName(type)}\t${dataText(type, data)}\n`;
  }
}
