import { test } from "@phantasm/testing";
import { Probe, Settled, checkReading, checkWriting, writeTree } from "./testing";
import { ModelFiles } from "./testing-model";

test("a plain map is a volume", () => {
  const files = new ModelFiles();
  const probe = new Probe(files, new Settled());
  checkWriting(probe);
  writeTree(probe);
  checkReading(probe);
  files.writable = false;
  checkReading(probe);
});
