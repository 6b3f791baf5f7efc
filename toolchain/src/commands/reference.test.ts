import prettier from "prettier";
import { expect, test } from "vitest";
import { COMMANDS } from "./definitions.js";
import { referencePage } from "./reference.js";

test("docs/reference/commands.md is made from the definitions (npx vitest run -u after a change)", async () => {
  const page = await prettier.format(referencePage(), { parser: "markdown", printWidth: 100 });
  await expect(page).toMatchFileSnapshot("../../../docs/reference/commands.md");
});

test("the page mentions every command and every option", () => {
  const page = referencePage();
  for (const { name, options, hidden } of COMMANDS) {
    if (hidden) continue;
    expect(page).toContain(`## ${name}\n`);
    for (const option of options) expect(page).toContain(`--${option.name}`);
  }
});
