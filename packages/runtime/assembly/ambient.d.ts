/** Added to AssemblyScript's collector by the toolchain (toolchain/src/compile/standard-library.ts). */

/** Bytes of all objects the collector manages, headers included. */
declare function __heap_used(): usize;
