//! Input errors.

use std::fmt;

macro_rules! codes {
    ($($(#[$doc:meta])* $variant:ident = $name:literal,)+) => {
        /// Codes of input errors. Their order is the one in which faults of one field are told.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code { $($(#[$doc])* $variant,)+ }

        impl Code {
            /// Every code.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The code's name.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }

            /// The code of that name.
            pub fn parse(name: &str) -> Option<Self> {
                match name { $($name => Some(Self::$variant),)+ _ => None }
            }
        }
    };
}

codes! {
    /// A value of another type than the declared one.
    WrongType = "wrong_type",
    /// NaN or an infinity.
    NotFinite = "not_finite",
    /// An integer outside 64 bits.
    OutOfRange = "out_of_range",
    /// A string, list or text beyond its limit.
    TooLarge = "too_large",
    /// A string that is not UTF-8.
    NotUtf8 = "not_utf8",
    /// A required field is missing.
    MissingRequired = "missing_required",
    /// A value that the field's `enum` does not list.
    NotInEnum = "not_in_enum",
    /// A value below the field's `min`.
    BelowMin = "below_min",
    /// A value above the field's `max`.
    AboveMax = "above_max",
    /// A string or list beyond the field's `max_length`.
    TooLong = "too_long",
    /// A list that holds an item twice where items must differ.
    NotUnique = "not_unique",
    /// An action that the schema does not have.
    UnknownAction = "unknown_action",
    /// A field that the schema does not name, where such are refused.
    UnknownField = "unknown_field",
    /// The same key twice in one object.
    DuplicateKey = "duplicate_key",
    /// Too many levels.
    TooDeep = "too_deep",
    /// A text that is no JSON or YAML, or a domain that is no object.
    Malformed = "malformed",
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why an input got no decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InputError {
    /// What is wrong.
    pub code: Code,
    /// Where, as the short form writes it.
    pub field: Option<String>,
}

impl InputError {
    /// An input error.
    pub const fn new(code: Code, field: Option<String>) -> Self {
        Self { code, field }
    }

    /// An input error of a field.
    pub fn at(code: Code, field: impl Into<String>) -> Self {
        Self::new(code, Some(field.into()))
    }
}

impl fmt::Display for InputError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.field {
            Some(field) => write!(f, "{} at `{field}`", self.code),
            None => write!(f, "{}", self.code),
        }
    }
}

impl std::error::Error for InputError {}
