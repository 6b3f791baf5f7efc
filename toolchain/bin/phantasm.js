#!/usr/bin/env node
/* global require, __dirname */
// Starts the packed program; in a clone in which the compiler has run since, the program as compiled.
"use strict";

const { statSync } = require("node:fs");
const { join } = require("node:path");
const { pathToFileURL } = require("node:url");

const ROOT = join(__dirname, "..");
const PACKED = join(ROOT, "dist", "start", "main.js");
const COMPILED = join(ROOT, "dist", "commands", "main.js");
/** Written by the compiler whenever it has written anything else; not there once installed. */
const COMPILER_STAMPS = [".", "../packages/abi", "../packages/seal", "../packages/host"];

function time(path) {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat === undefined ? 0 : stat.mtimeMs;
}

const packed = time(PACKED);
const compiled = Math.max(
  ...COMPILER_STAMPS.map((folder) => time(join(ROOT, folder, "tsconfig.tsbuildinfo"))),
);
if (packed > 0 && packed >= compiled) {
  require(PACKED);
} else if (time(COMPILED) > 0) {
  import(pathToFileURL(COMPILED).href);
} else {
  process.stderr.write("phantasm: this clone has not been built\n  Run: npm ci\n");
  process.exitCode = 1;
}
