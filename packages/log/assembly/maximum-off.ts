// What `logging({ maximum: "off" })` links: lines above that level are compiled out of the image.

// @ts-ignore: decorator
@global @lazy
const LOG_MAXIMUM: i32 = 0;

export { ConsoleLog } from "./log";
