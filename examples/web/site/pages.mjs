// Which pages the site has, and which file of the repository each is made of.
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";

/** The order of what is read in an order; the rest follows by name. */
const GUIDES = ["tutorial", "network", "storage", "fibres", "assemblyscript", "modules", "testing"];
const REFERENCE = ["commands", "configuration", "network", "block", "abi", "seal"];
/** What an example is made of begins with these. */
const FIRST = ["phantasm.config.ts", "main.ts"];
const SOURCE = /\.(ts|mjs|zone)$/;

/**
 * @typedef {object} Page
 * @property {string} path where it lies in the site
 * @property {string} source the file or folder it is made of, from the root of the repository
 * @property {string} section of the navigation
 * @property {string} title in the navigation
 * @property {string} text Markdown
 * @property {{ name: string, text: string }[]} files shown behind the text
 * @property {boolean} [isIndex] what the name of its section leads to
 */

/** All pages of the repository, in the order of the navigation. */
export function pagesOf(root) {
  const read = (path) => readFileSync(join(root, path), "utf8");
  const names = (folder) => readdirSync(join(root, folder)).sort();
  const page = (path, source, section, text = read(source)) => ({
    path,
    source,
    section,
    title: titleIn(text),
    text,
    files: [],
  });

  const documents = (folder, first) => {
    const found = names(folder).filter((name) => name.endsWith(".md") && name !== "README.md");
    return found.sort((a, b) => rank(first, a.slice(0, -3)) - rank(first, b.slice(0, -3)));
  };
  const beside = (folder) =>
    names(folder).filter((name) => existsSync(join(root, folder, name, "README.md")));

  const pages = [
    { ...page("index.html", "README.md", "Guides"), title: "Overview" },
    ...documents("docs", GUIDES).map((name) =>
      page(name.replace(/md$/, "html"), `docs/${name}`, "Guides"),
    ),
    page("changelog.html", "CHANGELOG.md", "Guides"),
    { ...page("contents.html", "docs/README.md", "Guides"), isIndex: true },
  ];
  const reference = documents("docs/reference", REFERENCE).map((name) =>
    page(`reference/${name.replace(/md$/, "html")}`, `docs/reference/${name}`, "Reference"),
  );

  const examples = beside("examples").map((name) => {
    const folder = `examples/${name}`;
    const files = names(folder).filter((file) => SOURCE.test(file));
    files.sort((a, b) => rank(FIRST, a) - rank(FIRST, b));
    return {
      ...page(`${folder}.html`, `${folder}/README.md`, "Examples"),
      files: files.map((file) => ({ name: file, text: read(`${folder}/${file}`) })),
    };
  });
  const packages = beside("packages").map((name) => ({
    ...page(`packages/${name}.html`, `packages/${name}/README.md`, "Packages"),
    summary: JSON.parse(read(`packages/${name}/package.json`)).description,
  }));
  const decisions = documents("docs/decisions", []).map((name) =>
    page(`decisions/${name.replace(/md$/, "html")}`, `docs/decisions/${name}`, "Decisions"),
  );

  for (const [list, folder, source, words] of [
    [reference, "reference", "docs/reference", "What holds, in full."],
    [examples, "examples", "examples", "Each is a folder that is built and run by the tests."],
    [packages, "packages", "packages", "What an image is made of, and what builds and runs it."],
    [decisions, "decisions", "docs/decisions", "What was chosen, and what was given up."],
  ]) {
    const title = list[0].section;
    const text = `# ${title}\n\n${words}\n\n${list.map((one) => entry(one, source)).join("\n")}\n`;
    const index = page(`${folder}/index.html`, source, title, text);
    pages.push({ ...index, isIndex: true }, ...list);
  }
  return pages;
}

/** A line of a list. */
function entry(page, folder) {
  const name = page.title.replace(/^@phantasm\//, "");
  const summary = page.summary ?? (page.section === "Examples" ? firstSentence(page.text) : "");
  const link = `[${name}](${page.source.slice(folder.length + 1)})`;
  return summary === "" ? `- ${link}` : `- ${link}: ${summary}`;
}

/** Its place; those without one come behind, as they are. */
function rank(first, name) {
  const place = first.indexOf(name);
  return place < 0 ? first.length : place;
}

function titleIn(text) {
  return /^# (.*)$/m.exec(text)[1].replaceAll("`", "");
}

/** Without its links, which would lead from elsewhere. */
function firstSentence(text) {
  const paragraph = text.split("\n\n")[1] ?? "";
  const plain = paragraph.replace(/\[([^\]]*)\]\([^)]*\)/g, "$1").replaceAll("\n", " ");
  return /^.*?[.:](?= |$)/.exec(plain)?.[0].replace(/:$/, ".") ?? plain;
}
