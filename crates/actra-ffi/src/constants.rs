//! Numbers of the ABI. They are constants, never Rust enums: C may pass any number.

/// Version of this ABI. It changes when a program compiled against an older header would no longer
/// work. `actra_abi_version` gives the library's.
pub const ACTRA_ABI_VERSION: u32 = 1;

/// What became of a call: one of `ACTRA_STATUS_*`.
pub type ActraStatus = u32;

/// It was done.
pub const ACTRA_STATUS_OK: u32 = 0;
/// An argument is not what the function takes: NULL, a bad tag, an offset outside the arena, a
/// `struct_size` that is too small.
pub const ACTRA_STATUS_INVALID_ARGUMENT: u32 = 1;
/// The input is in error, so there is no decision: block. `input_error` of the decision says which.
pub const ACTRA_STATUS_INPUT_ERROR: u32 = 2;
/// The documents do not compile.
pub const ACTRA_STATUS_COMPILE_ERROR: u32 = 3;
/// The bytes are no artifact that can be loaded.
pub const ACTRA_STATUS_ARTIFACT_ERROR: u32 = 4;
/// A file or directory cannot be read or written.
pub const ACTRA_STATUS_IO_ERROR: u32 = 5;
/// The policy has no such field, rule or slot.
pub const ACTRA_STATUS_NOT_FOUND: u32 = 6;
/// An array of the caller's is too short; the count that it takes has been written.
pub const ACTRA_STATUS_TOO_SHORT: u32 = 7;
/// This build of the library lacks what was asked for (a runtime-only build compiles nothing).
pub const ACTRA_STATUS_NOT_SUPPORTED: u32 = 8;
/// Something went wrong inside the library. It did not happen to the caller's data, and the
/// library may be used on; please report it.
pub const ACTRA_STATUS_INTERNAL: u32 = 9;
/// A policy does not come into force, though it loads: its own tests or the caller's check refuse it.
pub const ACTRA_STATUS_REFUSED: u32 = 10;
/// A decision log cannot be opened, or does not take or write a decision: the error's code says why.
pub const ACTRA_STATUS_LOG_ERROR: u32 = 11;
/// A question about a policy has no answer: the error's code says why.
pub const ACTRA_STATUS_NO_ANSWER: u32 = 12;

/// No effect: what zeroed memory and failed calls read as. It is never an allow.
pub const ACTRA_EFFECT_INVALID: u32 = 0;
/// The operation may run.
pub const ACTRA_EFFECT_ALLOW: u32 = 1;
/// The operation waits for an approval.
pub const ACTRA_EFFECT_REQUIRE_APPROVAL: u32 = 2;
/// The operation may not run.
pub const ACTRA_EFFECT_BLOCK: u32 = 3;

/// The deciding rule's condition is unknown: something is missing, malformed or unfit, and the rule
/// fired to be safe. `actra_policy_evaluate_all` says which fields.
pub const ACTRA_DECISION_UNKNOWN: u32 = 1;
/// With shadow rules enforced, the decision would differ: see `shadow_effect` and `shadow_rule`.
pub const ACTRA_DECISION_SHADOW_DIFFERS: u32 = 2;
/// Several approval rules fired: `actra_policy_evaluate_all` says which.
pub const ACTRA_DECISION_SEVERAL_RULES: u32 = 4;

/// In the place of a rule's index: no rule, the default decided.
pub const ACTRA_NO_RULE: u32 = 0xffff_ffff;

/// The domain `action`.
pub const ACTRA_DOMAIN_ACTION: u32 = 1;
/// The domain `actor`.
pub const ACTRA_DOMAIN_ACTOR: u32 = 2;
/// The domain `snapshot`.
pub const ACTRA_DOMAIN_SNAPSHOT: u32 = 3;

/// Fields that the schema does not name are input errors, instead of being ignored.
pub const ACTRA_INPUT_REFUSE_UNKNOWN: u32 = 1;
/// The text is YAML, not JSON.
pub const ACTRA_INPUT_YAML: u32 = 2;

/// The explanation as lines of text for people, instead of JSON.
pub const ACTRA_EXPLAIN_RENDERED: u32 = 1 << 8;
/// With `ACTRA_EXPLAIN_RENDERED`: with ANSI colours.
pub const ACTRA_EXPLAIN_COLOURED: u32 = 1 << 9;
/// With `ACTRA_EXPLAIN_RENDERED`: every candidate rule, not only those that fired and the nearest.
pub const ACTRA_EXPLAIN_ALL: u32 = 1 << 10;

/// Only what a trusted key has signed is loaded, even where no key is named: then nothing is.
pub const ACTRA_LOAD_TRUSTED_KEYS: u32 = 1;

/// Not there. A slot array that is too short leaves the rest missing, too.
pub const ACTRA_TAG_MISSING: u32 = 0;
/// There, and null.
pub const ACTRA_TAG_NULL: u32 = 1;
/// A boolean: `v.i`, 0 or 1.
pub const ACTRA_TAG_BOOLEAN: u32 = 2;
/// An integer: `v.i`.
pub const ACTRA_TAG_INTEGER: u32 = 3;
/// A double: `v.f`.
pub const ACTRA_TAG_DOUBLE: u32 = 4;
/// An integer outside 64 bits: `v.f`, the nearest double.
pub const ACTRA_TAG_BIG_INTEGER: u32 = 5;
/// An instant: `v.i`, microseconds since 1970-01-01T00:00:00Z, of the years 0001 to
/// 9999. A string in RFC 3339 will do, too.
pub const ACTRA_TAG_TIMESTAMP: u32 = 6;
/// Text in UTF-8: `v.p` and `len` bytes.
pub const ACTRA_TAG_STRING: u32 = 7;
/// Text in UTF-8 in the arena: at `v.off`, `len` bytes.
pub const ACTRA_TAG_STRING_AT: u32 = 8;
/// A list: `len` slots at `v.p`, scalars each.
pub const ACTRA_TAG_LIST: u32 = 9;
/// A list in the arena: `len` slots at `v.off`, of any alignment.
pub const ACTRA_TAG_LIST_AT: u32 = 10;
/// A map: `len` pairs of slots at `v.p`, each a string and a scalar.
pub const ACTRA_TAG_MAP: u32 = 11;
/// A map in the arena: `len` pairs of slots at `v.off`, of any alignment.
pub const ACTRA_TAG_MAP_AT: u32 = 12;
/// An object is there. Its members have slots of their own; where any of them is there, so is the
/// object.
pub const ACTRA_TAG_OBJECT: u32 = 13;

/// Panics where it is looked at.
#[cfg(feature = "panic-for-tests")]
pub(crate) const TAG_PANIC: u32 = 0xffff_ffff;

/// No input error.
pub const ACTRA_INPUT_ERROR_NONE: u32 = 0;
/// The value is not of the declared type.
pub const ACTRA_INPUT_ERROR_WRONG_TYPE: u32 = 1;
/// NaN or an infinity.
pub const ACTRA_INPUT_ERROR_NOT_FINITE: u32 = 2;
/// An integer outside 64 bits.
pub const ACTRA_INPUT_ERROR_OUT_OF_RANGE: u32 = 3;
/// A required field is missing.
pub const ACTRA_INPUT_ERROR_MISSING_REQUIRED: u32 = 4;
/// The value is none of those allowed.
pub const ACTRA_INPUT_ERROR_NOT_IN_ENUM: u32 = 5;
/// The number is below its minimum.
pub const ACTRA_INPUT_ERROR_BELOW_MIN: u32 = 6;
/// The number is above its maximum.
pub const ACTRA_INPUT_ERROR_ABOVE_MAX: u32 = 7;
/// The string or list is longer than it may be.
pub const ACTRA_INPUT_ERROR_TOO_LONG: u32 = 8;
/// The list's items are not unique.
pub const ACTRA_INPUT_ERROR_NOT_UNIQUE: u32 = 9;
/// The text is not UTF-8.
pub const ACTRA_INPUT_ERROR_NOT_UTF8: u32 = 10;
/// The schema has no such action.
pub const ACTRA_INPUT_ERROR_UNKNOWN_ACTION: u32 = 11;
/// The schema has no such field, and unknown fields are refused.
pub const ACTRA_INPUT_ERROR_UNKNOWN_FIELD: u32 = 12;
/// One object holds the same key twice.
pub const ACTRA_INPUT_ERROR_DUPLICATE_KEY: u32 = 13;
/// The text nests deeper than 64 levels.
pub const ACTRA_INPUT_ERROR_TOO_DEEP: u32 = 14;
/// A string, a list or the text is over its limit.
pub const ACTRA_INPUT_ERROR_TOO_LARGE: u32 = 15;
/// The text is not JSON or YAML, or a domain is not an object.
pub const ACTRA_INPUT_ERROR_MALFORMED: u32 = 16;

/// The number of an input error's code.
pub(crate) const fn input_error(code: actra::InputCode) -> u32 {
    use actra::InputCode;
    match code {
        InputCode::WrongType => ACTRA_INPUT_ERROR_WRONG_TYPE,
        InputCode::NotFinite => ACTRA_INPUT_ERROR_NOT_FINITE,
        InputCode::OutOfRange => ACTRA_INPUT_ERROR_OUT_OF_RANGE,
        InputCode::MissingRequired => ACTRA_INPUT_ERROR_MISSING_REQUIRED,
        InputCode::NotInEnum => ACTRA_INPUT_ERROR_NOT_IN_ENUM,
        InputCode::BelowMin => ACTRA_INPUT_ERROR_BELOW_MIN,
        InputCode::AboveMax => ACTRA_INPUT_ERROR_ABOVE_MAX,
        InputCode::TooLong => ACTRA_INPUT_ERROR_TOO_LONG,
        InputCode::NotUnique => ACTRA_INPUT_ERROR_NOT_UNIQUE,
        InputCode::NotUtf8 => ACTRA_INPUT_ERROR_NOT_UTF8,
        InputCode::UnknownAction => ACTRA_INPUT_ERROR_UNKNOWN_ACTION,
        InputCode::UnknownField => ACTRA_INPUT_ERROR_UNKNOWN_FIELD,
        InputCode::DuplicateKey => ACTRA_INPUT_ERROR_DUPLICATE_KEY,
        InputCode::TooDeep => ACTRA_INPUT_ERROR_TOO_DEEP,
        InputCode::TooLarge => ACTRA_INPUT_ERROR_TOO_LARGE,
        InputCode::Malformed => ACTRA_INPUT_ERROR_MALFORMED,
    }
}

/// The number of an effect.
pub(crate) const fn effect(effect: actra::Effect) -> u32 {
    match effect {
        actra::Effect::Allow => ACTRA_EFFECT_ALLOW,
        actra::Effect::RequireApproval => ACTRA_EFFECT_REQUIRE_APPROVAL,
        actra::Effect::Block => ACTRA_EFFECT_BLOCK,
    }
}
