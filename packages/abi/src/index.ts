export * from "./specification.js";
export * from "./types.js";
export * from "./constants.js";
