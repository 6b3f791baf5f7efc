/** The page of `phantasm inspect --html`: no script, nothing loaded, every text escaped. */
import { escapeHtml, type VerifiedImage } from "@phantasm/seal";
import type { Part } from "./image-parts.js";
import { formatBytes, formatPages } from "./text.js";
import { squarify, type Rectangle } from "./treemap.js";

/** The map in its own units; the page scales it. */
const WIDTH = 1600;
const HEIGHT = 900;
/** A heading takes this much of the top of a group. */
const HEADING = 22;
const GAP = 2;
/** Below this, a rectangle gets no text. */
const LABEL_WIDTH_MIN = 40;
const LABEL_HEIGHT_MIN = 16;
const LARGEST_FUNCTIONS = 40;
/** Colours of modules, in the order of their size; they repeat. */
const HUES = [210, 160, 280, 30, 340, 90, 190, 50, 250, 0];

function box(part: Part, rectangle: Rectangle, hue: number, level: string, path: string): string {
  const { x, y, width, height } = rectangle;
  const percent = (value: number, of: number): string => `${((value / of) * 100).toFixed(3)}%`;
  const style = [
    `left:${percent(x, WIDTH)}`,
    `top:${percent(y, HEIGHT)}`,
    `width:${percent(width, WIDTH)}`,
    `height:${percent(height, HEIGHT)}`,
    `--hue:${hue}`,
  ].join(";");
  const labelled = width >= LABEL_WIDTH_MIN && height >= LABEL_HEIGHT_MIN;
  const text = labelled ? `<b>${escapeHtml(part.name)}</b> ${formatBytes(part.bytes)}` : "";
  const title = escapeHtml(`${path}: ${formatBytes(part.bytes)}`);
  return `<div class="${level}" style="${style}" title="${title}">${text}</div>`;
}

/** A part, and what it consists of where there is room to show it. */
function boxes(part: Part, rectangle: Rectangle, hue: number, path: string): string[] {
  const { x, y, width, height } = rectangle;
  const inner = {
    x: x + GAP,
    y: y + HEADING,
    width: width - 2 * GAP,
    height: height - HEADING - GAP,
  };
  const parts = part.parts.filter(({ bytes }) => bytes > 0);
  if (parts.length === 0 || inner.width < LABEL_WIDTH_MIN || inner.height < LABEL_HEIGHT_MIN)
    return [box(part, rectangle, hue, "leaf", path)];
  const places = squarify(
    parts.map(({ bytes }) => bytes),
    inner,
  );
  return [
    box(part, rectangle, hue, "group", path),
    ...parts.flatMap((child, at) =>
      boxes(child, places[at] ?? inner, hue, `${path} › ${child.name}`),
    ),
  ];
}

/** The code's modules stand beside the other sections: they are what one looks for. */
function topLevel(image: Part): Part[] {
  return image.parts
    .flatMap((part) => (part.name === "code" && part.parts.length > 0 ? part.parts : [part]))
    .filter(({ bytes }) => bytes > 0)
    .sort((a, b) => b.bytes - a.bytes);
}

function map(image: Part): string {
  const parts = topLevel(image);
  const whole = { x: 0, y: 0, width: WIDTH, height: HEIGHT };
  const places = squarify(
    parts.map(({ bytes }) => bytes),
    whole,
  );
  return parts
    .flatMap((part, at) => boxes(part, places[at] ?? whole, HUES[at % HUES.length] ?? 0, part.name))
    .join("\n");
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = (tag: string, row: readonly string[]): string =>
    `<tr>${row.map((cell) => `<${tag}>${escapeHtml(cell)}</${tag}>`).join("")}</tr>`;
  return `<table>${cells("th", head)}\n${rows.map((row) => cells("td", row)).join("\n")}</table>`;
}

function largestFunctions(image: Part): (readonly string[])[] {
  const code = image.parts.find(({ name }) => name === "code");
  return (code?.parts ?? [])
    .flatMap((module) => module.parts.map((part) => ({ module: module.name, part })))
    .sort((a, b) => b.part.bytes - a.part.bytes)
    .slice(0, LARGEST_FUNCTIONS)
    .map(({ module, part }) => [part.name, module, formatBytes(part.bytes)]);
}

const STYLE = `
:root { color-scheme: light dark; --l: 84%; --s: 45%; --line: #fff; }
@media (prefers-color-scheme: dark) { :root { --l: 30%; --s: 35%; --line: #16181c; } }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 1200px; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; margin: 0; } h2 { font-size: 1.1rem; margin: 2rem 0 .5rem; }
code { font: 13px ui-monospace, monospace; overflow-wrap: anywhere; }
.map { position: relative; width: 100%; aspect-ratio: 16 / 9; margin: 1rem 0; }
.map div { position: absolute; box-sizing: border-box; overflow: hidden; white-space: nowrap;
  text-overflow: ellipsis; font-size: 11px; line-height: 16px; padding: 0 3px;
  border: 1px solid var(--line); background: hsl(var(--hue) var(--s) var(--l)); }
.map .group { background: hsl(var(--hue) var(--s) calc(var(--l) - 8%)); }
table { border-collapse: collapse; width: 100%; } th { text-align: left; }
td, th { padding: .15rem .8rem .15rem 0; border-bottom: 1px solid #8884; vertical-align: top;
  overflow-wrap: anywhere; }
td:first-child:not(:nth-last-child(n + 3)) { white-space: nowrap; }
`;

/** Renders the page. */
export function renderPage(image: VerifiedImage, parts: Part): string {
  const { manifest, digest, signers, imports } = image;
  const name = escapeHtml(manifest.name);
  const facts = [
    ["size", formatBytes(image.bytes.length)],
    ["digest", digest],
    ["signed by", signers.join(", ") || "nobody"],
    [
      "memory",
      `${formatPages(manifest.memory.minimum)} to ${formatPages(manifest.memory.maximum)}`,
    ],
    [
      "devices",
      manifest.devices.map((device) => `${device.name} (${device.type})`).join(", ") || "none",
    ],
    ["imports", imports.map((entry) => entry.name).join(", ")],
    [
      "toolchain",
      Object.entries(manifest.toolchain)
        .map((tool) => tool.join(" "))
        .join(", "),
    ],
  ];
  const modules = [...manifest.modules]
    .sort((a, b) => b.bytes - a.bytes)
    .map((module) => [module.name, module.version, formatBytes(module.bytes)]);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${name}: ${formatBytes(image.bytes.length)}</title>
<style>${STYLE}</style>
</head>
<body>
<h1>${name}</h1>
<div class="map">
${map(parts)}
</div>
<p>Each area is a part of the file, as large as its bytes. Inlined code counts where it runs; the
list of modules below counts it where it was written.</p>
<h2>Image</h2>
${table(["", ""], facts)}
<h2>Modules</h2>
${table(["module", "version", "code"], modules)}
<h2>Largest functions</h2>
${table(["function", "module", "bytes"], largestFunctions(parts))}
</body>
</html>
`;
}
