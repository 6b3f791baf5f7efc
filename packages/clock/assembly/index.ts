export { HostClock } from "./clock";
