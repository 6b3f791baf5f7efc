/**
 * What an operation that may fail returns: 0 or a count when it went well, else one of these negative
 * numbers. They tell of circumstances; a mistake of the caller (a range outside its array, a second
 * reader) ends the domain with a message instead.
 */
export { Errno } from "@phantasm/abi";
