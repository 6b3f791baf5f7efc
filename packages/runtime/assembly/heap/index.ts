export { collectionDue, isCollecting, safePoint, stackChanged, visitWord } from "./collector";
export { Heap, observeHeap } from "./statistics";
