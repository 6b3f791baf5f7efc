// A page around its content: head, navigation, what comes before and after it.
import { posix } from "node:path";
import { escape } from "./highlight.mjs";

const LONG = ["Examples", "Packages", "Decisions"];
const SECTIONS = ["Guides", "Reference", ...LONG];
/** So many headings are worth a table of contents. */
const HEADINGS_MIN = 3;
const SUMMARY_LENGTH_MAX = 160;

/** A reference from one path of the site to another. */
export function relative(from, to) {
  const [path, hash] = to.split("#");
  const reference = posix.relative(posix.dirname(from), path);
  return hash === undefined ? reference : `${reference}#${hash}`;
}

/** @param page one of `pages`, or one that they do not have */
export function layout(page, pages, { html, headings }) {
  const to = (path) => relative(page.path, path);
  const title = page.path === "index.html" ? "Phantasm: unikernels for WebAssembly" : page.title;
  const suffix = page.path === "index.html" ? "" : " · Phantasm";
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escape(title)}${suffix}</title>
<meta name="description" content="${summaryOf(html) ?? `${escape(title)}. Phantasm: unikernels for WebAssembly`}">
<link rel="icon" href="${to("icon.svg")}" type="image/svg+xml">
<link rel="stylesheet" href="${to("style.css")}">
</head>
<body>
<a class="skip" href="#content">To the content</a>
<header>
<a class="brand" href="${to("index.html")}">${BRAND}Phantasm</a>
<a href="${to("tutorial.html")}">Tutorial</a>
<a href="${to("examples/index.html")}">Examples</a>
<a href="${to("reference/commands.html")}">Commands</a>
<a class="open" href="#menu">Menu</a>
</header>
<nav class="site" id="menu" aria-label="Site">
<a class="close" href="#content">Close</a>
${SECTIONS.map((name) => section(name, page, pages, to)).join("\n")}
</nav>
<main id="content">
<article>
${html}</article>
${neighbours(page, pages, to)}
<footer>Served from inside one sealed WebAssembly image. MIT licensed.</footer>
</main>
${contents(headings)}
</body>
</html>
`;
}

/** What a search engine shows of a page: where its first paragraph begins, without its tags. */
function summaryOf(html) {
  const text = /<p>(.*?)<\/p>/s
    .exec(html)?.[1]
    .replaceAll(/<[^>]*>/g, "")
    .replaceAll(/\s+/g, " ");
  if (text === undefined || text.length <= SUMMARY_LENGTH_MAX) return text;
  return `${text.slice(0, text.lastIndexOf(" ", SUMMARY_LENGTH_MAX))} …`;
}

const BRAND =
  '<svg viewBox="0 0 32 32" width="24" height="24" aria-hidden="true"><path fill="currentColor" d="M16 3a11 11 0 0 0-11 11v14l4-3 3.5 3 3.5-3 3.5 3 3.5-3 4 3V14A11 11 0 0 0 16 3Zm-4 9a2 2.5 0 1 1 0 5 2 2.5 0 0 1 0-5Zm8 0a2 2.5 0 1 1 0 5 2 2.5 0 0 1 0-5Z"/></svg>';

/** The icon of the site. */
export const ICON = BRAND.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ')
  .replace("currentColor", "#7c5cff")
  .replace(' width="24" height="24" aria-hidden="true"', "");

/** Open are the short sections, or the long one that the reader is in. */
function section(name, page, pages, to) {
  const all = pages.filter((one) => one.section === name);
  const index = all.find((one) => one.isIndex);
  const isOpen = LONG.includes(page.section) ? page.section === name : !LONG.includes(name);
  const items = all
    .filter((one) => one !== index)
    .map((one) => `<li>${item(one, page, to, one.title.replace(/^@phantasm\//, ""))}</li>`);
  const list = isOpen ? `\n<ul>\n${items.join("\n")}\n</ul>` : "";
  return `<h2>${item(index, page, to, name)}</h2>${list}`;
}

function item(one, page, to, text) {
  const current = one.path === page.path ? ' aria-current="page"' : "";
  return `<a href="${to(one.path)}"${current}>${escape(text)}</a>`;
}

function neighbours(page, pages, to) {
  const among = pages.filter((one) => one.section === page.section);
  const at = among.findIndex((one) => one.path === page.path);
  if (at < 0) return "";
  const link = (one, rel, words) =>
    one === undefined
      ? ""
      : `<a rel="${rel}" href="${to(one.path)}"><small>${words}</small>${escape(one.title)}</a>`;
  const links =
    link(among[at - 1], "prev", "Previous") +
    (at + 1 < among.length ? link(among[at + 1], "next", "Next") : "");
  return `<nav class="neighbours" aria-label="Neighbours">${links}</nav>`;
}

function contents(headings) {
  if (headings.length < HEADINGS_MIN) return "";
  const items = headings.map(({ id, html }) => `<li><a href="#${id}">${html}</a></li>`);
  return `<nav class="page" aria-label="On this page">
<h2>On this page</h2>
<ul>
${items.join("\n")}
</ul>
</nav>`;
}
