export { HostBlock } from "./disk";
