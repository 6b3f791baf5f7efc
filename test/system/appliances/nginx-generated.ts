/** What an image and nginx are asked, from a seed. */
import type { Case } from "./nginx-cases.js";

/** Requests that are as they should be, in all combinations: nothing may differ. */
export function generated(seed: number, count: number): Case[] {
  let state = seed >>> 0 || 1;
  const below = (limit: number): number => {
    // xorshift32
    state ^= state << 13;
    state >>>= 0;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state % limit;
  };
  const pick = <T>(from: readonly T[]): T => from[below(from.length)] as T;
  return Array.from({ length: count }, () => {
    const requests = Array.from({ length: 1 + below(3) }, () => {
      const method = pick(["GET", "GET", "GET", "HEAD", "DELETE"]);
      const path = pick(PATHS);
      const lines = [`${method} ${path} HTTP/1.${pick(["1", "1", "1", "0"])}`, "Host: a"];
      // Compressed representations, HEAD and nothing have their own rows in the table.
      if (method === "GET" && path !== "/nothing.txt" && below(3) === 0)
        lines.push(`Range: bytes=${range(below)}`);
      else if (below(2) === 0) lines.push(`Accept-Encoding: ${pick(ACCEPTED)}`);
      if (below(3) === 0) lines.push(pick(BY_TAG));
      else if (below(4) === 0) lines.push(`If-Modified-Since: ${date(below)}`);
      // What nginx closes after.
      if (below(5) === 0) lines.push(pick(UNLESS), "Connection: close");
      else if (below(4) === 0) lines.push(`Connection: ${pick(["keep-alive", "Keep-Alive, x"])}`);
      return { method, text: `${lines.join("\r\n")}\r\n\r\n` };
    });
    return {
      text: requests.map(({ text }) => text).join(""),
      methods: requests.map(({ method }) => method),
    };
  });
}

const PATHS = ["/", "/index.html", "/digits.bin", "/nothing.txt", "/docs", "/docs/", "/none"];
PATHS.push("/deep/er/leaf.txt", "/a%2bb.txt", "/%C3%A4.txt", "//docs/./index.html?x", "/x/../");

const ACCEPTED = ["gzip", "br, gzip", "identity", "deflate", "gzip;q=0"];
const BY_TAG = ['"x"', "{tag}", "W/{tag}", '"x", {tag}', "{gzip}", "*"].map(
  (tags) => `If-None-Match: ${tags}`,
);
const UNLESS = ['If-Match: "x"', "If-Match: {tag}", "If-Match: *"];
UNLESS.push("If-Unmodified-Since: Sun, 02 Feb 2020 02:02:01 GMT");

const date = (below: (limit: number) => number): string =>
  `Sun, 02 Feb 2020 02:02:0${below(5)} GMT`;

/** One or two, in order, that do not overlap: where the standard leaves no choice. */
function range(below: (limit: number) => number): string {
  const first = below(6);
  const last = first + below(3);
  const one = [`${first}-${last}`, `${first}-`, `-${1 + below(5)}`][below(3)] ?? "";
  return below(3) > 0 ? one : `${first}-${last},${last + 1 + below(3)}-${last + 5}`;
}
