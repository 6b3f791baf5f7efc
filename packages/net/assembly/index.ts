export { HostLink } from "./link";
