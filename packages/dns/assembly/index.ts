export { Family, Lookup, LookupHandler } from "./lookup";
export { LongAnswerReceiver, LongAnswers } from "./long-answers";
export { Resolver, ResolverCounters, ResolverLimits } from "./resolver";
export { SERVERS_MAX, ServerSource } from "./servers";
export { ConnectHandler, HappyEyeballs, Race } from "./happy-eyeballs";
export { TcpAnswers } from "./tcp-answers";
