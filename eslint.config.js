import { readFileSync } from "node:fs";
import eslint from "@eslint/js";
import tseslint from "typescript-eslint";
import assemblyscript from "./test/tooling/eslint-assemblyscript.mjs";

const ASSEMBLYSCRIPT = [
  "packages/*/assembly/**/*.ts",
  "examples/**/*.ts",
  "toolchain/templates/**/*.ts",
  "test/**/assembly/**/*.ts",
  "test/**/main.ts",
  "test/system/kernel/appliance/*.ts",
  "test/torture/*.ts",
];
const CONFIGURATION = "**/phantasm.config.ts";
/** For blocks that read TypeScript. */
const NOT_TYPESCRIPT = [...ASSEMBLYSCRIPT, `!${CONFIGURATION}`];
const TESTS = ["**/*.test.ts", "test/**", "packages/*/test/**", "**/src/**/testing/**"];

/** Host and toolchain files in which time and randomness may enter. Keep it short. */
const TIME_AND_RANDOMNESS = Object.keys(
  JSON.parse(
    readFileSync(new URL("test/tooling/time-and-randomness.json", import.meta.url), "utf8"),
  ),
);
const ENTERS_ELSEWHERE =
  "time and randomness enter through the clock and entropy of the host; take them as a parameter";

export default tseslint.config(
  {
    ignores: ["**/dist/", "**/.phantasm/", "**/node_modules/", "packages/abi/assembly/index.ts"],
  },
  { linterOptions: { reportUnusedDisableDirectives: "error" } },

  // Plain JavaScript: configuration and scripts.
  {
    files: ["**/*.{js,mjs}"],
    extends: [eslint.configs.recommended],
    languageOptions: {
      globals: Object.fromEntries(
        ["console", "process", "URL", "WebAssembly", "performance", "Buffer", "TextDecoder"]
          .concat(["TextEncoder", "setTimeout", "clearTimeout", "setImmediate"])
          .map((name) => [name, "readonly"]),
      ),
    },
  },

  // Pages that images serve.
  {
    files: ["examples/*/page/**/*.js", "examples/*/htdocs/**/*.js"],
    languageOptions: {
      globals: Object.fromEntries(
        ["document", "fetch", "EventSource", "WebSocket"].map((name) => [name, "readonly"]),
      ),
    },
  },

  // TypeScript: host, toolchain, tests, configurations.
  {
    files: ["**/*.ts"],
    ignores: NOT_TYPESCRIPT,
    extends: [eslint.configs.recommended, tseslint.configs.recommendedTypeChecked],
    languageOptions: {
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      "@typescript-eslint/consistent-type-imports": ["error", { fixStyle: "inline-type-imports" }],
      "@typescript-eslint/explicit-module-boundary-types": "error",
      "@typescript-eslint/no-explicit-any": "error",
      "@typescript-eslint/no-floating-promises": "error",
      "@typescript-eslint/switch-exhaustiveness-check": [
        "error",
        { considerDefaultExhaustiveForUnions: true },
      ],
      "@typescript-eslint/only-throw-error": ["error", { allowThrowingUnknown: true }],
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      // Private fields make a method that lost its object fail at once.
      "@typescript-eslint/unbound-method": "off",
      eqeqeq: "error",
    },
  },
  {
    files: TESTS,
    ignores: NOT_TYPESCRIPT,
    rules: {
      "@typescript-eslint/explicit-module-boundary-types": "off",
      "@typescript-eslint/require-await": "off",
    },
  },

  // Time and randomness enter through hypercalls only, so the host has few doors for them.
  {
    files: ["packages/*/src/**/*.ts", "toolchain/src/**/*.ts"],
    ignores: [...TESTS, ...TIME_AND_RANDOMNESS],
    rules: {
      "no-restricted-properties": [
        "error",
        { object: "Date", property: "now", message: ENTERS_ELSEWHERE },
        { object: "Math", property: "random", message: ENTERS_ELSEWHERE },
        { object: "performance", property: "now", message: ENTERS_ELSEWHERE },
        { object: "process", property: "hrtime", message: ENTERS_ELSEWHERE },
      ],
      "no-restricted-syntax": [
        "error",
        {
          selector: "NewExpression[callee.name='Date'][arguments.length=0]",
          message: ENTERS_ELSEWHERE,
        },
      ],
      "no-restricted-imports": [
        "error",
        {
          paths: ["node:crypto", "crypto"].map((name) => ({
            name,
            importNames: ["randomBytes", "randomFillSync", "randomInt", "randomUUID", "webcrypto"],
            message: ENTERS_ELSEWHERE,
          })),
        },
      ],
    },
  },

  // AssemblyScript: syntax only; asc checks the types.
  {
    files: ASSEMBLYSCRIPT,
    ignores: [CONFIGURATION],
    plugins: { assemblyscript },
    languageOptions: {
      parser: tseslint.parser,
      // Decorators on functions and variables are AssemblyScript.
      parserOptions: { allowInvalidAST: true },
    },
    rules: {
      "assemblyscript/no-changetype-usize": "error",
      "assemblyscript/no-foreign-imports": ["error", ["@phantasm/abi", "@phantasm/testing"]],
      "assemblyscript/no-host-globals": "error",
      "assemblyscript/no-hypercalls": "error",
      "prefer-const": "error",
      "no-var": "error",
    },
  },
  {
    // Tests are in no image.
    files: ["**/assembly/**/*.test.ts"],
    rules: { "assemblyscript/no-changetype-usize": "off", "assemblyscript/no-hypercalls": "off" },
  },
  {
    // The collector, the frames of fibres and the arena of buffers are made of addresses.
    files: ["packages/{runtime,fibre,buffer}/assembly/**/*.ts"],
    rules: { "assemblyscript/no-changetype-usize": "off" },
  },
  {
    // Asyncify's four imports, which leave no trace in an image.
    files: ["packages/fibre/assembly/switch.ts"],
    rules: { "assemblyscript/no-foreign-imports": "off" },
  },
  {
    // Set by the link step.
    files: ["packages/runtime/assembly/link.ts"],
    rules: { "prefer-const": "off" },
  },
);
