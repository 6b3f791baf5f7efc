/**
 * What every implementation of `Files` does, as cases to run against one: those of reading against a volume
 * that holds the tree below, those of writing against an empty one. They run in a test, and in an appliance
 * too: what is not as it should be ends the domain, with a message.
 *
 *     test("reads as every volume does", () => {
 *       checkReading(new Probe(files, disk));
 *     });
 */
export { Probe, Settled, Settles, bytesOf, expectResult, pattern } from "./testing-probe";
export { LARGE_BYTES, MANY_FILES, checkReading, writeTree } from "./testing-reading";
export { checkWriting } from "./testing-writing";
