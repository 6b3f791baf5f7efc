/** WebAssembly text of an image, with names where they are known. */
import { appendNameSection, escapeTerminal, type VerifiedImage } from "@phantasm/seal";

/** What an image may use beyond what wabt takes for granted. */
const FEATURES = { extended_const: true } as const;

/** @param names payload of a name section, if there is one */
export async function imageText(
  image: VerifiedImage,
  names: Uint8Array | undefined,
): Promise<string> {
  const { default: load } = await import("wabt");
  const wabt = await load();
  const bytes = names === undefined ? image.bytes : appendNameSection(image.bytes, names);
  const module = wabt.readWasm(bytes, { readDebugNames: names !== undefined, ...FEATURES });
  try {
    module.generateNames();
    module.applyNames();
    const text = module.toText({ foldExprs: false, inlineExport: false });
    return text.split("\n").map(escapeTerminal).join("\n");
  } finally {
    module.destroy();
  }
}
