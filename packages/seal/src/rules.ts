/**
 * Every rule by which something is refused, and what it demands. The key is `SealError.code`: it is
 * stable, so programs may depend on it.
 */
export const RULES = {
  buffer: "An image is a Uint8Array over memory that no other thread can write.",
  "file-size": "An image has at most IMAGE_BYTES_MAX bytes.",
  header: "The first eight bytes are 00 61 73 6d 01 00 00 00.",
  truncated: "Nothing ends before it is complete.",
  leb128: "A LEB128 number has no more bytes and no more bits than its type.",
  length: "A length or count is not larger than what is left.",
  utf8: "A name is UTF-8.",
  "name-length": "A name has at most NAME_BYTES_MAX bytes.",

  "signature-missing": "The first section is the custom section `signature`.",
  "signature-version": "Its version of the specification is 1.",
  "signature-content": "Its content type is 1, a WebAssembly module.",
  "signature-hash-function": "Its hash function is 1, SHA-256.",
  "signature-hashes": "It holds one set of one hash: no partial signature.",
  "signature-count": "It holds at most SIGNATURES_MAX signatures.",
  "signature-key": "The key of a signature is an Ed25519 public key: 01 and 32 bytes.",
  "signature-algorithm": "The algorithm of a signature is 1, Ed25519, with 64 bytes.",
  "signature-duplicate": "No key has signed twice.",
  "signature-canonical": "The section, encoded again, is the same bytes.",
  "content-hash": "The hash is that of everything after the signature section.",
  "signature-invalid": "Every signature present, embedded or detached, verifies.",
  "signature-untrusted": "Every key the operator asks for has signed.",
  "digest-format": "A pinned digest is `sha256:` and 64 hex digits.",
  "digest-mismatch": "The digest of the content is the one the operator pinned.",

  "manifest-missing": "The second section is the custom section `manifest`.",
  "manifest-size": "A manifest has at most MANIFEST_BYTES_MAX bytes.",
  "manifest-utf8": "A manifest is UTF-8.",
  "manifest-depth": "Arrays and objects are at most MANIFEST_DEPTH_MAX deep.",
  "manifest-json": "A manifest is one JSON object.",
  "manifest-canonical":
    "A manifest is in canonical form (RFC 8785): encoded again, the same bytes.",
  "manifest-abi": "The manifest names the ABI version of this host.",
  "manifest-unknown-field": "No field is outside the schema.",
  "manifest-missing-field": "No field that the schema requires is missing.",
  "manifest-type": "A field has the JSON type of the schema.",
  "manifest-range": "A number is a whole number within the bounds of the schema.",
  "manifest-text": "A text has the form and length of the schema.",
  "manifest-length": "A list has no more items than the schema allows, and no fewer.",
  "manifest-choice": "A value is one of those the schema lists.",
  "manifest-order": "Capabilities, modules and data are sorted.",
  "manifest-duplicate":
    "Devices, arguments, modules, capabilities and values of an enumeration are unique.",
  "manifest-default":
    "A default is a value its argument accepts, and a required argument has none.",
  "manifest-bounds": "A minimum is not above its maximum.",
  "manifest-observation": "The observation block is aligned to 8 and lies in the initial memory.",

  "section-count": "A module has at most SECTIONS_MAX sections.",
  "section-custom": "There is no custom section besides `signature` and `manifest`.",
  "section-unknown":
    "A section has an id that is known and allowed: no start, DataCount or tag section.",
  "section-order": "Standard sections ascend, each at most once.",
  "section-length": "What a section or segment holds ends where its length says.",

  "type-count": "There are at most TYPES_MAX types.",
  "type-form":
    "A type is a function type (60) with at most TYPE_VALUES_MAX parameters and results.",
  "value-type": "A value is i32, i64, f32, f64 or v128.",
  "import-module": "Everything imported comes from `phantasm`.",
  "import-kind": "Only functions are imported.",
  "import-unexpected": "Nothing is imported that the manifest does not imply.",
  "import-duplicate": "Nothing is imported twice.",
  "import-signature": "An imported function has the type that the ABI gives it.",
  "import-missing": "Everything that the manifest implies is imported.",
  "function-count":
    "There are at most FUNCTIONS_MAX functions, and as many bodies as declarations.",
  "function-type": "The type of a function exists.",
  "table-count": "There is at most one table.",
  "table-type": "A table holds funcref, and minimum = maximum ≤ TABLE_ENTRIES_MAX.",
  "memory-count": "There is exactly one memory.",
  "memory-type": "The memory is 32-bit and unshared, and has a maximum.",
  "memory-limits": "The limits of the memory are those of the manifest.",
  "global-count": "There are at most GLOBALS_MAX globals.",
  "global-type": "A mutable global is i32 or i64.",
  "global-initialiser": "A global starts with a constant.",
  "export-unexpected": "Only memory, init, step and g0 … gn are exported.",
  "export-duplicate": "No name is exported twice.",
  "export-kind": "An export is of the kind and type its name demands, and the image's own.",
  "export-global": "gN is the N-th mutable global.",
  "export-missing": "memory, init, step and every mutable global are exported.",
  "segment-count": "There are at most SEGMENTS_MAX element segments and as many data segments.",
  "segment-form": "A segment is active, for table or memory 0, at a constant offset.",
  "element-range": "An element segment lies in the table and names functions that exist.",
  "data-range": "A data segment lies in the initial memory.",
  "function-size": "A function body has at most FUNCTION_BYTES_MAX bytes.",
  "function-locals": "A function has at most LOCALS_MAX locals.",
  "function-nesting": "Blocks are nested at most NESTING_MAX deep.",
  "function-end": "A function body ends with the `end` of its outermost block.",
  opcode: "Every opcode is on the list of allowed ones.",
  immediate: "An instruction names memory 0, table 0 and a block type that exists.",

  "engine-refuses": "The engine compiles it: operand types fit, and what is named exists.",
  "engine-disagrees": "The engine sees the same imports and exports as the verifier.",

  "key-format": "A key is in one of the forms that keygen writes.",
  "key-kind":
    "A public key is given where a public one is wanted, a private one where a private one is.",
  "key-algorithm": "A key is an Ed25519 key.",
  "side-file": "A names file holds a digest and a name section, and nothing else.",
  "side-file-digest": "A side file belongs to the image it is used with.",
} as const;

/** The code of a rule. */
export type SealRule = keyof typeof RULES;
