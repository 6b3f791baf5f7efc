/** The zones of a secondary in a configuration: `example.net=192.0.2.1,[2001:db8::1]:5353;example.com=192.0.2.1`. */
import { Endpoint } from "@phantasm/interfaces";
import { MALFORMED, NAME_BUFFER_BYTES, nameOfText } from "@phantasm/dns/wire";
import { endpointsOf } from "./addresses";
import { ServedZone } from "./zone-set";

/** One entry; ends the domain when it is none. */
@final
export class ListedZone {
  readonly served: ServedZone;
  readonly primaries: Endpoint[];

  constructor(text: string) {
    const at = text.indexOf("=");
    const name = heap.alloc(<usize>NAME_BUFFER_BYTES);
    const bytes = at > 0 ? nameOfText(text.substring(0, at), name) : MALFORMED;
    assert(
      bytes != MALFORMED,
      "dns: not a zone and its primaries, such as a.example=192.0.2.1: " + text,
    );
    this.served = new ServedZone(name, bytes);
    this.primaries = endpointsOf(text.substring(at + 1));
    assert(this.primaries.length > 0, "dns: a zone without primaries: " + text);
  }
}

export function listedZones(text: string): ListedZone[] {
  const zones: ListedZone[] = [];
  const parts = text.split(";");
  for (let i = 0; i < parts.length; i++) {
    const part = parts[i].trim();
    if (part.length > 0) zones.push(new ListedZone(part));
  }
  return zones;
}
