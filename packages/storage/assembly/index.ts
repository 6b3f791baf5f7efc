export { Disk } from "./disk";
export { Store } from "./store";
export { Sink, Stream } from "./stream";
export { Frozen, Scan, View } from "./view";
export { FileHandle, Volume } from "./volume";
