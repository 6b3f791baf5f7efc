export { Disk } from "./disk";
