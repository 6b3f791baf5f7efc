export { Disk } from "./disk";
export { FileHandle, Volume } from "./volume";
export { Frozen, Scan, Sink, Store, Stream, View } from "./store";
