/**
 * Runs sealed images under Node: see README.md. `@phantasm/host/isolated` runs them in threads of
 * their own, `@phantasm/host/testing` in virtual time.
 */
export { Image, type ImageOptions } from "./image.js";
export type { RunnableImage } from "./runnable.js";
export { Domain, type DomainOptions, type DomainState, type DomainStats } from "./domain.js";
export { HostError, KILLED_STATUS, type DomainExit, type ExitReason } from "./exit.js";
export { BootError } from "./attach.js";
export * from "./arguments/index.js";
export { systemClock, VirtualClock, type Clock } from "./clock.js";
export { SeededEntropy, systemEntropy, type Entropy } from "./entropy.js";
export { eventLoopScheduler, Task, type Scheduler } from "./scheduler.js";
export { CONSOLE_END, nullConsole, type ConsoleBackend } from "./console/types.js";
export { MemoryConsole, memoryConsole, type MemoryConsoleOptions } from "./console/memory.js";
export { StreamConsole, streamConsole, type StreamConsoleOptions } from "./console/stream.js";
export { readObservation, type Consumer, type Observation } from "./observe.js";
export type { StepTimes } from "./step-times.js";
export type { DescribedFibres, DomainDescription } from "./describe.js";
export type { FibreGroup } from "./fibres/groups.js";
export type { Fibre, FibreState, FibreTable } from "./fibres/table.js";
export { parseFrames, type WasmFrame } from "./frames.js";
export { formatBytes, formatDuration } from "./format.js";
export * from "./backends/index.js";
