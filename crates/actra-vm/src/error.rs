//! Input errors: why an input cannot be decided.

use actra_bytecode::ids::SlotId;
use actra_bytecode::program::Domain;

macro_rules! codes {
    ($($(#[$doc:meta])* $variant:ident = $name:literal;)+) => {
        /// What is wrong with an input.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum InputCode { $($(#[$doc])* $variant,)+ }

        impl InputCode {
            /// Every code.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// Its name.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }
        }
    };
}

codes! {
    /// The value is not of the declared type.
    WrongType = "wrong_type";
    /// NaN or an infinity.
    NotFinite = "not_finite";
    /// An integer outside 64 bits.
    OutOfRange = "out_of_range";
    /// A required field is missing.
    MissingRequired = "missing_required";
    /// The value is none of those allowed.
    NotInEnum = "not_in_enum";
    /// The number is below its minimum.
    BelowMin = "below_min";
    /// The number is above its maximum.
    AboveMax = "above_max";
    /// The string or list is longer than it may be.
    TooLong = "too_long";
    /// The list's items are not unique.
    NotUnique = "not_unique";
    /// The text is not UTF-8.
    NotUtf8 = "not_utf8";
    /// The schema has no such action.
    UnknownAction = "unknown_action";
    /// The schema has no such field, and unknown fields are refused.
    UnknownField = "unknown_field";
    /// One object holds the same key twice.
    DuplicateKey = "duplicate_key";
    /// The text nests deeper than 64 levels.
    TooDeep = "too_deep";
    /// A string, a list or the text is over its limit.
    TooLarge = "too_large";
    /// The text is not JSON or YAML, or a domain is not an object.
    Malformed = "malformed";
}

impl core::fmt::Display for InputCode {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What was found in place of what was expected; never the value itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Found {
    /// Nothing.
    Nothing,
    /// A null.
    Null,
    /// A boolean.
    Boolean,
    /// An integer.
    Integer,
    /// A number with a fraction.
    Fraction,
    /// An integer outside 64 bits.
    BigInteger,
    /// NaN.
    NotANumber,
    /// An infinity.
    Infinity,
    /// A string.
    String,
    /// A string that is no timestamp.
    NoTimestamp,
    /// An instant that no timestamp is.
    FarInstant,
    /// A timestamp.
    Timestamp,
    /// A list.
    List,
    /// A list with an item that does not fit.
    BadItem,
    /// An object.
    Object,
}

impl Found {
    /// As messages say it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::Null => "null",
            Self::Boolean => "a boolean",
            Self::Integer => "an integer",
            Self::Fraction => "a number with a fraction",
            Self::BigInteger => "an integer outside 64 bits",
            Self::NotANumber => "NaN",
            Self::Infinity => "an infinity",
            Self::String => "a string",
            Self::FarInstant => "an instant outside of the years 0001 to 9999",
            Self::NoTimestamp => "a string that is no RFC 3339 timestamp",
            Self::Timestamp => "a timestamp",
            Self::List => "a list",
            Self::BadItem => "a list with an item that does not fit",
            Self::Object => "an object",
        }
    }
}

/// Which field an error is about. [`crate::Frame::field_name`] spells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldName {
    /// None: the text as a whole.
    None,
    /// A domain.
    Domain(Domain),
    /// A slot.
    Slot(SlotId),
    /// An entry of the map in that slot: its place among the frame's entries.
    Entry(SlotId, u32),
    /// A member of the object in that slot that the schema lacks: its place among the frame's
    /// entries.
    Member(SlotId, u32),
    /// A name that the schema lacks, which the frame holds.
    Unknown,
}

/// Why an input cannot be decided. It is small and owns nothing, so that errors cost no
/// allocation; the frame that it came from spells the field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InputError {
    /// What is wrong.
    pub code: InputCode,
    /// With which field.
    pub field: FieldName,
    /// What was found.
    pub found: Found,
}

impl InputError {
    /// The slot that the error is about: of an entry or a member without a slot of its own, the
    /// one that it is in.
    pub fn slot(&self) -> Option<SlotId> {
        match self.field {
            FieldName::Slot(slot) | FieldName::Entry(slot, _) | FieldName::Member(slot, _) => {
                Some(slot)
            }
            _ => None,
        }
    }
}
