/** The name section that the optimiser leaves: which function is called what. */
export { readFunctionNames as functionNames } from "@phantasm/seal";
