//! Checked conditions.

use super::{Domain, Literal, Place};
use std::fmt;

/// A rule's condition.
#[derive(Clone, Debug, PartialEq)]
pub enum Condition {
    /// Every part (at least one) holds.
    All(Vec<Condition>),
    /// Some part (of at least one) holds.
    Any(Vec<Condition>),
    /// The part does not hold.
    Not(Box<Condition>),
    /// A test of a field.
    Atom(Box<Atom>),
}

/// A field, an operator and what it is held against.
#[derive(Clone, Debug)]
pub struct Atom {
    /// `every` or `some`: the test is made of each item of a list.
    pub quantifier: Option<Quantifier>,
    /// The field on the left.
    pub subject: FieldRef,
    /// The operator.
    pub operator: Operator,
    /// The right side.
    pub operand: Operand,
    /// Where the atom stands.
    pub place: Place,
}

/// Places do not take part in equality: an atom is the same atom wherever it stands.
impl PartialEq for Atom {
    fn eq(&self, other: &Self) -> bool {
        self.quantifier == other.quantifier
            && self.subject == other.subject
            && self.operator == other.operator
            && self.operand == other.operand
    }
}

/// How the items of a list combine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Quantifier {
    /// As `all` would (an empty list holds).
    Every,
    /// As `any` would (an empty list does not hold).
    Some,
}

impl Quantifier {
    /// The keyword.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Every => "every",
            Self::Some => "some",
        }
    }
}

/// A place in the input.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FieldRef {
    /// The domain.
    pub domain: Domain,
    /// Names from the domain down: one, or more inside objects.
    pub path: Vec<String>,
    /// The key, where the path names a map.
    pub key: Option<String>,
}

impl FieldRef {
    /// `actor.type`.
    pub fn actor_type() -> Self {
        Self { domain: Domain::Actor, path: vec!["type".to_owned()], key: None }
    }

    /// `action.type`.
    pub fn action_type() -> Self {
        Self { domain: Domain::Action, path: vec!["type".to_owned()], key: None }
    }
}

/// As the short form writes it: `action.customer.tier`, `action.labels["app/name"]`.
impl fmt::Display for FieldRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.domain.as_str())?;
        for name in &self.path {
            write!(f, ".{name}")?;
        }
        match &self.key {
            // Strings of the short form are raw between quotes of either kind.
            Some(key) if key.contains('"') => write!(f, "['{key}']"),
            Some(key) => write!(f, "[\"{key}\"]"),
            None => Ok(()),
        }
    }
}

/// The right side of an atom.
#[derive(Clone, Debug, PartialEq)]
pub enum Operand {
    /// `exists` and `not_exists` have none.
    None,
    /// One literal (for `matches` the pattern, for `length_*` an integer).
    Literal(Literal),
    /// A list of literals, in the order written, at least one (networks and domains as text).
    Literals(Vec<Literal>),
    /// Another field.
    Field(FieldRef),
    /// Another field plus or minus something (version 2, ordering and equality).
    Sum {
        /// The field.
        field: FieldRef,
        /// Plus or minus.
        sign: Sign,
        /// What is added or taken away.
        addend: Addend,
    },
}

/// Plus or minus.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Sign {
    /// `plus`.
    Plus,
    /// `minus`.
    Minus,
}

/// What a sum adds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Addend {
    /// An integer, to an integer field.
    Integer(i64),
    /// A duration in microseconds, to a timestamp field.
    Duration(i64),
    /// An integer field, to an integer field.
    Field(FieldRef),
}

macro_rules! operators {
    ($($(#[$doc:meta])* $variant:ident = $name:literal, $shape:ident;)+) => {
        /// Operators, one per name of the language's table.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Operator { $($(#[$doc])* $variant,)+ }

        impl Operator {
            /// Every operator, in the table's order.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The operator's name.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }

            /// The operator of that name.
            pub fn parse(name: &str) -> Option<Self> {
                match name { $($name => Some(Self::$variant),)+ _ => None }
            }

            /// What kind of sides it takes.
            pub const fn shape(self) -> OperatorShape {
                match self { $(Self::$variant => OperatorShape::$shape,)+ }
            }
        }
    };
}

operators! {
    /// The values are equal.
    Equals = "equals", Equality;
    /// The values differ.
    NotEquals = "not_equals", Equality;
    /// The left is greater.
    GreaterThan = "greater_than", Ordering;
    /// The left is not less.
    GreaterThanOrEqual = "greater_than_or_equal", Ordering;
    /// The left is less.
    LessThan = "less_than", Ordering;
    /// The left is not greater.
    LessThanOrEqual = "less_than_or_equal", Ordering;
    /// The value is a member of the list on the right.
    In = "in", Membership;
    /// The value is not a member of the list on the right.
    NotIn = "not_in", Membership;
    /// The list has the item, or the string has the substring.
    Contains = "contains", Contains;
    /// The list has not the item.
    NotContains = "not_contains", NotContains;
    /// The lists share an item.
    ContainsAny = "contains_any", ListSet;
    /// The left list has every item of the right.
    ContainsAll = "contains_all", ListSet;
    /// The string begins so.
    StartsWith = "starts_with", Affix;
    /// The string ends so.
    EndsWith = "ends_with", Affix;
    /// The whole string matches the pattern.
    Matches = "matches", Pattern;
    /// The host is one of the domains or below one.
    InDomain = "in_domain", HostDomain;
    /// The address is inside one of the networks.
    InNetwork = "in_network", Network;
    /// The path is one of the directories or lexically inside one.
    WithinPath = "within_path", Path;
    /// The string or list is longer.
    LengthGreaterThan = "length_greater_than", Length;
    /// The string or list is shorter.
    LengthLessThan = "length_less_than", Length;
    /// The field is there.
    Exists = "exists", Presence;
    /// The field is missing.
    NotExists = "not_exists", Presence;
}

impl fmt::Display for Operator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Families of operators that take the same sides: a row of the language's table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OperatorShape {
    /// Scalar; literal or field of the same kind.
    Equality,
    /// Numeric or timestamp; literal or field of the same kind.
    Ordering,
    /// Scalar; literal list or list field.
    Membership,
    /// List and an item of it, or string and substring.
    Contains,
    /// List and an item of it.
    NotContains,
    /// List; literal list or list field.
    ListSet,
    /// String; literal, literal list or string field.
    Affix,
    /// String; literal pattern.
    Pattern,
    /// String; literal list or list field of domains.
    HostDomain,
    /// String; literal list of networks.
    Network,
    /// String; literal list, string field or list field of directories.
    Path,
    /// String or list; integer literal.
    Length,
    /// Any value; nothing.
    Presence,
}
