export { describe, test } from "./cases";
export { expectAbort, expectExit, expectTrap } from "./endings";
export { Expectation, expect } from "./expectation";
export { world } from "./world";
