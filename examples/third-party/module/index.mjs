import { ConfigurationError, device } from "phantasm";

const PREFIX_CHARACTERS_MAX = 64;

/** @type {import("./index.d.mts").prefixed} */
export function prefixed(prefix, target) {
  if (typeof prefix !== "string" || prefix.length > PREFIX_CHARACTERS_MAX || /\n/.test(prefix))
    throw new ConfigurationError(
      `prefixed: the prefix is a text of one line and at most ${PREFIX_CHARACTERS_MAX} characters`,
    );
  return device({
    module: "phantasm-prefixed-console",
    class: "PrefixedConsole",
    provides: "Console",
    parameters: [
      { name: "prefix", value: prefix },
      { name: "target", device: target, needs: "Console" },
    ],
  });
}
