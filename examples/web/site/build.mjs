// Makes the site of this example from the documentation of the project: node examples/web/site/build.mjs [FOLDER]
import { mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, extname, join, posix, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { ICON, layout, relative } from "./layout.mjs";
import { codeBlock, render } from "./markdown.mjs";
import { pagesOf } from "./pages.mjs";

const HERE = dirname(fileURLToPath(import.meta.url));
const MISSING = `# There is no such page

The address may be old, or was never right. [The overview](README.md) leads on.
`;

/**
 * The files of the site by their paths: the same for the same sources.
 *
 * @param root of the repository
 * @returns {Map<string, string>}
 */
export function siteOf(root) {
  const pages = pagesOf(root);
  const bySource = new Map(pages.map((page) => [page.source, page]));
  const files = new Map([
    ["style.css", readFileSync(join(HERE, "style.css"), "utf8")],
    ["icon.svg", `${ICON}\n`],
  ]);
  /** Other files that pages lead to become pages as well; these may lead to more. */
  const waiting = [...pages];
  const add = (page) => {
    bySource.set(page.source, page);
    waiting.push(page);
    return page;
  };

  /** The page that a path of the repository has. */
  const pageFor = (source, from) => {
    const known = bySource.get(source) ?? bySource.get(posix.join(source, "README.md"));
    if (known !== undefined) return known;
    const found = statSync(join(root, source), { throwIfNoEntry: false });
    if (found === undefined) throw new Error(`${from} leads to ${source}, which is not there`);
    return add(found.isDirectory() ? folderPage(root, source) : filePage(root, source));
  };

  for (let page = waiting.shift(); page !== undefined; page = waiting.shift()) {
    const { path, source, text } = page;
    const folder =
      page.path.endsWith("index.html") && !source.endsWith(".md") ? source : dirname(source);
    const link = (href) => {
      if (/^([a-z]+:|#)/.test(href)) return href;
      const [to, hash] = href.split("#");
      const { path: target } = pageFor(posix.join(folder, to).replace(/\/$/, ""), source);
      return relative(path, hash === undefined ? target : `${target}#${hash}`);
    };
    const content = page.render?.() ?? render(text, link);
    for (const { name, text: code } of page.files) {
      content.html += `<h2 id="${name}" class="file">${name}<a class="anchor" href="#${name}" aria-label="Link to this file">#</a></h2>\n`;
      content.html += codeBlock(code.trimEnd(), extname(name).slice(1));
      content.headings.push({ id: name, html: `<code>${name}</code>` });
    }
    files.set(path, layout(page, pages, content));
  }

  // It is sent for any path: everything in it is named from the root.
  const missing = { path: "404.html", title: "No such page", section: "" };
  const content = render(MISSING, () => "index.html");
  files.set("404.html", layout(missing, pages, content).replaceAll(/(href=")(?!#)/g, "$1/"));
  return files;
}

/** A file of the repository that documents lead to. */
function filePage(root, source) {
  const text = readFileSync(join(root, source), "utf8");
  const page = {
    path: `source/${source}.html`,
    source,
    section: "",
    title: source,
    files: [],
    text,
  };
  if (source.endsWith(".md")) return page;
  const code = codeBlock(text.trimEnd(), extname(source).slice(1));
  return {
    ...page,
    render: () => ({ html: `<h1 class="file">${source}</h1>\n${code}`, headings: [] }),
  };
}

/** What is in a folder: names alone. */
function folderPage(root, source) {
  const names = readdirSync(join(root, source), { withFileTypes: true })
    .filter((one) => one.isFile() && !one.name.startsWith("."))
    .map((one) => `- \`${one.name}\``)
    .sort();
  const text = `# ${source}\n\nA folder of the repository. In it:\n\n${names.join("\n")}\n`;
  return {
    path: `source/${source}/index.html`,
    source,
    section: "",
    title: source,
    files: [],
    text,
  };
}

/** Writes them; files that are as they should be are left alone, others removed. */
export function write(files, folder) {
  mkdirSync(folder, { recursive: true });
  for (const one of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const path = join(one.parentPath ?? one.path, one.name);
    if (one.isFile() && !files.has(posix.relative(folder, path))) rmSync(path);
  }
  for (const [path, text] of files) {
    const target = join(folder, path);
    mkdirSync(dirname(target), { recursive: true });
    if (readOrNothing(target) !== text) writeFileSync(target, text);
  }
}

function readOrNothing(path) {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (error.code !== "ENOENT") throw error;
    return undefined;
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  write(siteOf(join(HERE, "../../..")), resolve(process.argv[2] ?? join(HERE, "../htdocs")));
