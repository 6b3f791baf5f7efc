/** A network of appliances in virtual time. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Image } from "@phantasm/host";
import { VirtualHost, VirtualLink, type VirtualTime } from "@phantasm/host/testing";
import { builtImage } from "../support/built.js";

const ROOT = new URL("../../", import.meta.url);

/** @param directory below the repository */
export async function imageOf(directory: string): Promise<Image> {
  const path = await builtImage(fileURLToPath(new URL(directory, ROOT)));
  return Image.load(readFileSync(path));
}

let plugs = 0;

/** Whatever is plugged in hears what the others send. */
export class Hub {
  readonly #time: VirtualTime;
  readonly #latencyNs: number;
  readonly #links = new Set<VirtualLink>();

  constructor(time: VirtualTime, latencyNs = 100_000) {
    this.#time = time;
    this.#latencyNs = latencyNs;
  }

  /** @param features bits of NetFeature; all on a hub must have the same */
  plug(features = 0): VirtualLink {
    plugs++;
    const mac = Uint8Array.of(2, 0, 0, 0, plugs >> 8, plugs & 255);
    const link = new VirtualLink(this.#time, { mac, features, latencyNs: this.#latencyNs });
    link.listen((frame) => {
      if (!this.#links.has(link)) return;
      for (const other of this.#links) if (other !== link) other.inject(frame);
    });
    this.#links.add(link);
    return link;
  }

  /** Its frames go nowhere any more, and none reach it: a cable is cut. */
  cut(link: VirtualLink): void {
    this.#links.delete(link);
  }
}

/** A host on a hub, whose boot arguments are text. */
export function boot(
  image: Image,
  time: VirtualTime,
  net: Readonly<Record<string, VirtualLink>>,
  values: Readonly<Record<string, string>>,
): VirtualHost {
  return new VirtualHost(image, { time, net: { ...net }, arguments: values });
}
