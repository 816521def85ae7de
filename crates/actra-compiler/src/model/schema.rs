//! The checked schema.

use super::LanguageVersion;
use std::fmt;

/// One of the three parts of an evaluation context.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Domain {
    /// The operation being requested.
    Action,
    /// Who asks for it.
    Actor,
    /// State of the world as the host saw it.
    Snapshot,
}

impl Domain {
    /// The keyword.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Action => "action",
            Self::Actor => "actor",
            Self::Snapshot => "snapshot",
        }
    }
}

impl fmt::Display for Domain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What may be asked about. Field lists are sorted by name and hold each name once.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Schema {
    /// Fields that every action has.
    pub common: Vec<Field>,
    /// Actions, sorted by name.
    pub actions: Vec<Action>,
    /// Fields of the actor.
    pub actor: Vec<Field>,
    /// Fields of the snapshot.
    pub snapshot: Vec<Field>,
}

impl Schema {
    /// The action of that name.
    pub fn action(&self, name: &str) -> Option<&Action> {
        let index = self.actions.binary_search_by(|action| action.name.as_str().cmp(name)).ok()?;
        self.actions.get(index)
    }
}

/// An action that may be requested.
#[derive(Clone, Debug, PartialEq)]
pub struct Action {
    /// Its name: a value of `action.type`.
    pub name: String,
    /// Its own fields, sorted by name (those in `common` are not repeated).
    pub fields: Vec<Field>,
    /// Text for people.
    pub description: Option<String>,
}

/// A declared field.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// Its name inside its domain or object. In version 1 it may contain dots.
    pub name: String,
    /// What it holds.
    pub ty: FieldType,
    /// Whether checked inputs must have it (inside an object: when the object is there).
    pub required: bool,
    /// Text for people.
    pub description: Option<String>,
}

/// What a field holds.
#[derive(Clone, Debug, PartialEq)]
pub enum FieldType {
    /// One value.
    Scalar(ScalarType),
    /// A flat list of one scalar type.
    List(ListType),
    /// Named fields, sorted by name.
    Object(Vec<Field>),
    /// Values of one scalar kind under keys that the schema does not know.
    Map(ScalarKind),
}

/// Kinds of scalars.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ScalarKind {
    /// UTF-8 text.
    String,
    /// An integer or a finite float.
    Number,
    /// A 64-bit signed integer.
    Integer,
    /// `true` or `false`.
    Boolean,
    /// An instant.
    Timestamp,
}

impl ScalarKind {
    /// The keyword.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::String => "string",
            Self::Number => "number",
            Self::Integer => "integer",
            Self::Boolean => "boolean",
            Self::Timestamp => "timestamp",
        }
    }

    /// Number or integer: one kind to operators.
    pub const fn is_numeric(self) -> bool {
        matches!(self, Self::Number | Self::Integer)
    }

    /// Whether values of the two kinds compare with each other.
    pub fn compares_with(self, other: Self) -> bool {
        self == other || (self.is_numeric() && other.is_numeric())
    }
}

impl fmt::Display for ScalarKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A scalar type with its constraints.
#[derive(Clone, Debug, PartialEq)]
pub struct ScalarType {
    /// The kind.
    pub kind: ScalarKind,
    /// Only these values (string, numeric), as written.
    pub allowed: Option<Vec<Literal>>,
    /// Inclusive lower bound (numeric).
    pub min: Option<Literal>,
    /// Inclusive upper bound (numeric).
    pub max: Option<Literal>,
    /// Most code points (string).
    pub max_length: Option<u64>,
    /// What an absent or null field reads as.
    pub default: Option<Literal>,
}

impl ScalarType {
    /// The kind without constraints.
    pub const fn plain(kind: ScalarKind) -> Self {
        Self { kind, allowed: None, min: None, max: None, max_length: None, default: None }
    }
}

/// A list type with its constraints.
#[derive(Clone, Debug, PartialEq)]
pub struct ListType {
    /// What each item is: string, number or integer. `default` is never set here.
    pub items: ScalarType,
    /// Most items.
    pub max_length: Option<u64>,
    /// Whether items must differ.
    pub unique: bool,
}

/// A scalar written in a document, fitted to the kind that it stands for.
///
/// In version 1 every number is a [`Literal::Float`] (integers converted by rounding to the
/// nearest double, NaN and infinities included). In version 2 a number whose value is integral
/// and fits 64 bits is a [`Literal::Integer`], however it was written, and any other is a finite
/// [`Literal::Float`].
#[derive(Clone, Debug, PartialEq)]
pub enum Literal {
    /// Text.
    String(String),
    /// A number that is an integer (version 2).
    Integer(i64),
    /// Any other number.
    Float(f64),
    /// `true` or `false`.
    Boolean(bool),
    /// An instant: microseconds since 1970-01-01T00:00:00Z.
    Timestamp(i64),
}

impl Literal {
    /// A number as the version's literals hold it.
    pub fn number(version: LanguageVersion, value: f64) -> Self {
        // 2^63 is exact as a double; the range test is exact, too.
        let integral = value.is_finite()
            && value.fract() == 0.0
            && (-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0).contains(&value);
        match version {
            LanguageVersion::V2 if integral => Self::Integer(value as i64),
            _ => Self::Float(value),
        }
    }
}
