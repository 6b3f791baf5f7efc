export { Console, ConsoleReader, ConsoleWriter, LineReader } from "./console";
