//! Named maxima. A program that exceeds one cannot exist as a value.

/// Slots: declared fields, objects, maps, and the map keys that rules read.
pub const MAX_SLOTS: usize = 60_000;
/// Strings of one program.
pub const MAX_STRINGS: usize = 4_000_000;
/// Rules of one program.
pub const MAX_RULES: usize = 100_000;
/// Actions of one program.
pub const MAX_ACTIONS: usize = 1_000_000;
/// Ops of one program.
pub const MAX_OPS: usize = 8_000_000;
/// Bytes of one encoded program.
pub const MAX_PROGRAM_BYTES: usize = 256 * 1024 * 1024;
/// Bytes of one artifact file.
pub const MAX_ARTIFACT_BYTES: usize = 512 * 1024 * 1024;
/// Signatures of one artifact.
pub const MAX_SIGNATURES: usize = 64;
/// Source files that one artifact names.
pub const MAX_SOURCES: usize = 100_000;
/// Bytes of one document that an artifact holds.
pub const MAX_DOCUMENT_BYTES: usize = 16 << 20;
/// Promises that one artifact says were proved.
pub const MAX_PROOFS: usize = 100_000;
/// Steps that type verification may take: ops times the actions that their rule is a candidate of.
pub const MAX_VERIFY_STEPS: u64 = 1 << 28;
/// Indexes of one group of candidates, so that merging them stays cheap.
pub const MAX_INDEXES_PER_GROUP: usize = 4;
/// Nesting of objects in a schema.
pub const MAX_OBJECT_DEPTH: usize = 16;
/// Bytes of one input string.
pub const MAX_INPUT_STRING_BYTES: usize = 1024 * 1024;
/// Items of one input list.
pub const MAX_INPUT_LIST_ITEMS: usize = 65_536;
