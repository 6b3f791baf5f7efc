// Builds a folder and prints the digest, for tests that compare processes and Node versions.
import { build } from "../../toolchain/dist/build.js";

const [directory = "."] = process.argv.slice(2);
const { digest } = await build({ directory });
console.log(digest);
