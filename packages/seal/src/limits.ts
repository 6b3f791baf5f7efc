/**
 * How large the parts of an image may be. Each limit is far above what a program needs and far below
 * what would cost the host noticeable memory or time.
 */

/** Bytes of a whole image. */
export const IMAGE_BYTES_MAX = 64 * 1024 * 1024;
/** Sections of a module, custom ones included. */
export const SECTIONS_MAX = 64;
/** Bytes of the name of an import, an export or a custom section. */
export const NAME_BYTES_MAX = 1024;
export const TYPES_MAX = 4096;
/** Parameters of a function type; and, separately, its results. */
export const TYPE_VALUES_MAX = 255;
/** Functions, imported and defined. */
export const FUNCTIONS_MAX = 65_536;
/** Bytes of one function body: what the engine compiles in one go. */
export const FUNCTION_BYTES_MAX = 4 * 1024 * 1024;
/** Locals of one function, parameters not counted. */
export const LOCALS_MAX = 4096;
/** Blocks inside each other in one function; a switch of n cases takes n. */
export const NESTING_MAX = 1024;
export const GLOBALS_MAX = 4096;
/** Entries of the function table. A large table costs host memory outside any other limit. */
export const TABLE_ENTRIES_MAX = 65_536;
/** Element segments; and, separately, data segments. */
export const SEGMENTS_MAX = 65_536;
/** Pages of 64 KiB that a 32-bit memory can have. */
export const MEMORY_PAGES_MAX = 65_536;
export const PAGE_BYTES = 65_536;

/** Signatures of an image, and of a detached signature file. */
export const SIGNATURES_MAX = 16;

/** Arrays and objects inside each other in a manifest. */
export const MANIFEST_DEPTH_MAX = 8;
export const DEVICES_MAX = 64;
/** Services of one net device. */
export const SERVICES_MAX = 64;
/** Characters of the scheme of a URL. */
export const SCHEME_CHARACTERS_MAX = 32;
export const ARGUMENTS_MAX = 256;
export const MODULES_MAX = 1024;
/** Entries of `data`, and UTF-16 units of the name of one. */
export const DATA_MAX = 256;
export const DATA_NAME_CHARACTERS_MAX = 127;
export const TOOLS_MAX = 32;
export const ENUMERATION_VALUES_MAX = 256;
/** UTF-16 units of `help`, and of a value of an enumeration. */
export const HELP_CHARACTERS_MAX = 200;
export const VALUE_CHARACTERS_MAX = 200;
/** UTF-16 units of a default text. */
export const DEFAULT_CHARACTERS_MAX = 4096;
export const VERSION_CHARACTERS_MAX = 64;
/** npm's own limit. */
export const MODULE_NAME_CHARACTERS_MAX = 214;
