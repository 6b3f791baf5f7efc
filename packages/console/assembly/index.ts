export { HostConsole } from "./console";
