/** Added to AssemblyScript's collector by the toolchain (toolchain/src/compile/standard-library.ts). */

/** Bytes of all objects the collector manages, headers included. */
declare function __heap_used(): usize;

/** Defined by the toolchain in the debug profile and in tests (toolchain/src/compile/constants.ts). */
declare const PHANTASM_DEBUG: i32;

/** Defined by `@phantasm/fibre`, where that is linked: runs `main` as a fibre. */
declare function startMainFibre(main: () => void): void;
