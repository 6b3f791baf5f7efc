/** Patterns of paths: `*` and `?` within a name, `**` for any names. */

/** A pattern without a `/` is one of names, wherever they are. */
function expression(pattern: string): RegExp {
  const whole = pattern.includes("/") ? pattern.replace(/^\.?\//, "") : `**/${pattern}`;
  const source = whole.replace(/\*\*\/|\*\*|\*|\?|[\\^$.|+()[\]{}]/g, (token) => {
    if (token === "**/") return "(?:[^/]*/)*";
    if (token === "**") return ".*";
    if (token === "*") return "[^/]*";
    return token === "?" ? "[^/]" : `\\${token}`;
  });
  return new RegExp(`^${source}$`, "su");
}

/** Tells of a path, such as `docs/index.html`, whether any of the patterns is one of it. */
export function matcher(patterns: readonly string[]): (path: string) => boolean {
  const expressions = patterns.map(expression);
  return (path) => expressions.some((one) => one.test(path));
}
