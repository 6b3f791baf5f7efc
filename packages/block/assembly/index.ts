export { HostBlock } from "./disk";
export { Slice } from "./slice";
export { Partition } from "./partition/partition";
export { RamDisk } from "./ram-disk";
export { Timeout } from "./timeout";
