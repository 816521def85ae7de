//! Limits on documents. Each is an error when exceeded.

/// Bytes of one document.
pub const MAX_DOCUMENT_BYTES: usize = 16 << 20;

/// Nodes of one document, aliases expanded.
pub const MAX_DOCUMENT_NODES: u32 = 4 << 20;

/// Bytes of all strings of one document, aliases expanded.
pub const MAX_DOCUMENT_TEXT_BYTES: usize = 4 * MAX_DOCUMENT_BYTES;

/// Collections inside each other in one document, aliases expanded. It is `serde_yaml`'s own.
pub const MAX_DOCUMENT_DEPTH: usize = 128;

/// Rules of one policy, all of its documents together.
pub const MAX_RULES: usize = 100_000;

/// Fields that one schema declares, those inside objects included.
pub const MAX_FIELDS: usize = 4_096;

/// Objects inside each other in a schema.
pub const MAX_OBJECT_DEPTH: usize = 16;

/// Bytes of the name of an action, a rule, a kind of actor, a tag or a definition.
pub const MAX_NAME_BYTES: usize = 1_024;

/// Bytes of the name of a field.
pub const MAX_FIELD_NAME_BYTES: usize = 128;

/// Literals in one list.
pub const MAX_LIST_LITERALS: usize = 65_536;

/// Bytes of one string literal.
pub const MAX_STRING_LITERAL_BYTES: usize = 64 << 10;

pub use crate::pattern::MAX_PATTERN_BYTES;

/// Levels of `all`, `any` and `not` around an atom, definitions expanded.
pub const MAX_CONDITION_DEPTH: usize = 32;

/// Atoms of one policy, definitions expanded.
pub const MAX_ATOMS: u64 = 1_000_000;

/// Bytes that the literals of one policy take, definitions expanded.
pub const MAX_EXPANDED_LITERAL_BYTES: u64 = 256 << 20;

/// Rules of one governance document.
pub const MAX_GOVERNANCE_RULES: usize = 10_000;

/// Bytes of the `error` text of a governance rule.
pub const MAX_GOVERNANCE_ERROR_BYTES: usize = 4_096;

/// Looks that holding a governance document against a policy takes: at a rule, at a field that it
/// reads, at a tag, at an action. Counted, so that the same documents are refused on any machine.
pub const MAX_GOVERNANCE_STEPS: u64 = 20_000_000;

/// Violations that are listed. Of more, the number is said.
pub const MAX_GOVERNANCE_VIOLATIONS: usize = 1_000;
