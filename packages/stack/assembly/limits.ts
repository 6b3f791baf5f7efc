/** Limits of a stack, as the configuration hands them over: each layer gets its own. */
@final
export class StackLimits {
  constructor(
    readonly connections: i32,
    readonly listeners: i32,
    readonly halfOpen: i32,
    readonly timeWait: i32,
    readonly tcpMemoryBytes: i32,
    readonly receiveBytes: i32,
    readonly sendBytes: i32,
    readonly sockets: i32,
    readonly neighbours: i32,
    readonly fragments: i32,
    readonly questions: i32,
    readonly names: i32,
  ) {}
}
