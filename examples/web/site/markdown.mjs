// Markdown as HTML: headings with anchors, links that lead to pages, tables that scroll by themselves.
import { Marked } from "marked";
import { escape, highlight } from "./highlight.mjs";

/** A cell with one number and its unit, or a range of them: it stays on one line. */
const FIGURE = /^(?:[<>≤≥~] ?)?\d[\d .,–-]*(?: ?[\p{L}%/µ]{1,7})?$/u;
/** The space of 10 000, and the one between a number and its unit. */
const INSIDE_NUMBER = /(?<=\d) (?=\d{3}\b|(?:bytes|[kMG]i?B|[mnµ]?s|µs|%)(?![\p{L}]))/gu;
const NO_BREAK = "\u00a0";

/**
 * @param text Markdown
 * @param link from a reference in the text to one in the site; undefined: it leads to no page
 * @returns {{ html: string, headings: { id: string, html: string }[] }} headings of the second level
 */
export function render(text, link) {
  const headings = [];
  const ids = new Map();
  const marked = new Marked({
    renderer: {
      heading({ tokens, depth }) {
        const html = this.parser.parseInline(tokens);
        const id = unique(ids, slug(html));
        if (depth === 2) headings.push({ id, html });
        if (depth === 1) return `<h1 id="${id}">${html}</h1>\n`;
        return `<h${depth} id="${id}">${html}<a class="anchor" href="#${id}" aria-label="Link to this section">#</a></h${depth}>\n`;
      },
      link({ href, tokens }) {
        const html = this.parser.parseInline(tokens);
        const target = link(href);
        if (target === undefined) return html;
        return `<a href="${escape(target)}">${html}</a>`;
      },
      code({ text: code, lang }) {
        return codeBlock(code, lang ?? "");
      },
      codespan({ text: code }) {
        return `<code>${escape(code)}</code>`;
      },
      // The sources break lines in cells, and have comments for tools; what else looks like it is meant to be read.
      html({ text: raw }) {
        if (raw.startsWith("<!--")) return "";
        return raw === "<br>" ? raw : escape(raw);
      },
      table(token) {
        const cells = (row, tag) =>
          row
            .map((cell) => {
              const classes = [cell.align ?? [], FIGURE.test(cell.text) ? "figure" : []].flat();
              const as = classes.length === 0 ? "" : ` class="${classes.join(" ")}"`;
              const html = this.parser.parseInline(cell.tokens);
              return `<${tag}${as}>${html.replace(INSIDE_NUMBER, NO_BREAK)}</${tag}>`;
            })
            .join("");
        const isHeaded = token.header.some((cell) => cell.text !== "");
        const head = isHeaded ? `<thead><tr>${cells(token.header, "th")}</tr></thead>\n` : "";
        const body = token.rows.map((row) => `<tr>${cells(row, "td")}</tr>\n`).join("");
        // It can be scrolled with the keyboard.
        return `<div class="table" tabindex="0" role="group" aria-label="Table">\n<table>${head}<tbody>\n${body}</tbody></table>\n</div>\n`;
      },
    },
  });
  return { html: marked.parse(text), headings };
}

/** @param info of the fence: the language, and whatever else it says */
export function codeBlock(code, info) {
  const [language, ...notes] = info.split(" ");
  const note = notes.length > 0 ? ` data-note="${escape(notes.join(" "))}"` : "";
  // It can be scrolled with the keyboard.
  return `<pre tabindex="0"${note}><code>${highlight(code, language)}</code></pre>\n`;
}

/** As the anchors that the sources link to are made. */
export function slug(html) {
  const text = html
    .replace(/<[^>]*>/g, "")
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&quot;", '"')
    .replaceAll("&#39;", "'")
    .replaceAll("&amp;", "&");
  return text
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, "")
    .replaceAll(" ", "-");
}

function unique(ids, id) {
  const count = ids.get(id) ?? 0;
  ids.set(id, count + 1);
  return count === 0 ? id : `${id}-${count}`;
}
