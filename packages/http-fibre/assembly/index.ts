export { Conversation } from "./conversation";
export { FibreClient, Reply } from "./fibre-client";
export { FibreHandler, FibreResponder } from "./fibre-handler";
