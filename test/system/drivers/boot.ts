/** Builds an application around one driver, and boots it against backends that a test steers. */
import {
  type BlockBackend,
  type Clock,
  Domain,
  Image,
  MemoryConsole,
  type NetBackend,
} from "@phantasm/host";
import { build } from "../../../toolchain/dist/build.js";
import { project } from "../../support/project.js";

/** @param files `phantasm.config.ts` and sources */
export async function imageOf(files: Readonly<Record<string, string>>): Promise<Image> {
  using made = project(files);
  const { image } = await build({ directory: made.directory });
  return Image.load(image);
}

export interface Attached {
  readonly net?: Readonly<Record<string, NetBackend>>;
  readonly block?: Readonly<Record<string, BlockBackend>>;
  readonly arguments?: Readonly<Record<string, string>>;
  readonly clock?: Clock;
}

export interface Booted {
  readonly domain: Domain;
  /** Lines written so far. */
  lines(): string[];
  /** Waits for the end; status and lines. */
  end(): Promise<{ status: number; message: string; lines: string[] }>;
}

export function boot(image: Image, attached: Attached): Booted {
  const console = new MemoryConsole({ input: "" });
  const domain = new Domain(image, { console, ...attached });
  const lines = (): string[] => console.output.split("\n").slice(0, -1);
  domain.start();
  return {
    domain,
    lines,
    end: async () => {
      const { status, message } = await domain.exited;
      return { status, message, lines: lines() };
    },
  };
}

/** Lets the event loop turn, so that every step that is due has been taken. */
export async function settle(): Promise<void> {
  for (let turns = 0; turns < 10; turns++) await new Promise((resolve) => setImmediate(resolve));
}
