/**
 * What it takes to explain a domain to a person: names and places, traces, and the texts of
 * `phantasm run`. Loaded only where something is to be explained.
 */
export { describeReport } from "./isolated/describe-report.js";
export { fibreLabel } from "./fibres/label.js";
export { readSideFiles, type SideFiles } from "./symbolise/side-files.js";
export { symbolise, Symboliser, type Located, type SourcePlace } from "./symbolise/symbolise.js";
export { DomainTrace } from "./trace/domain-trace.js";
export { TraceError, TraceFile, type TraceOptions } from "./trace/file.js";
