export { ConsoleLog } from "./log";
