//! The language's table of operators: what each takes on its two sides.

use super::literal::{Allowed, Purpose};
use super::resolve::Shape;
use crate::model::{Literal, Operator, OperatorShape, ScalarKind};

/// What an operator takes, given its left side.
#[derive(Debug)]
pub(super) struct Takes<'s> {
    /// Whether it takes that left side.
    pub(super) left: bool,
    /// Whether it takes one literal, and which.
    pub(super) literal: Option<FitTo<'s>>,
    /// Whether it takes a list of literals, and which.
    pub(super) list: Option<FitTo<'s>>,
    /// Whether it takes a scalar field, and of which kind (unknown where the left is).
    pub(super) scalar_field: TakesField,
    /// Whether it takes a list field, and of which items.
    pub(super) list_field: TakesField,
    /// Whether it takes a sum.
    pub(super) sum: bool,
    /// The right side in words.
    pub(super) wants: &'static str,
}

/// Whether and which fields may stand on the right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TakesField {
    /// None.
    No,
    /// Some, but the left side, which says which, is in doubt.
    InDoubt,
    /// Those that compare with the kind.
    Of(ScalarKind),
}

impl TakesField {
    fn like(left: Option<ScalarKind>) -> Self {
        left.map_or(Self::InDoubt, Self::Of)
    }
}

/// What a literal has to fit.
#[derive(Clone, Debug)]
pub(super) enum FitTo<'s> {
    /// Nothing that is known: the left side is in doubt.
    Doubt,
    /// A kind, and enums.
    Kind { kind: ScalarKind, purpose: Purpose, enums: Vec<&'s [Literal]> },
    /// A pattern.
    Pattern,
    /// A domain.
    Domain,
    /// A network.
    Network,
    /// A directory.
    Directory,
    /// A length.
    Length,
}

impl<'s> FitTo<'s> {
    /// The enums, made quick for so many look-ups.
    pub(super) fn enums_for(&self, lookups: usize) -> Vec<Allowed<'s>> {
        match self {
            Self::Kind { enums, .. } => {
                enums.iter().map(|values| Allowed::new(values, lookups)).collect()
            }
            _ => Vec::new(),
        }
    }
}

/// The row of the table, for a left side of that shape (`None`: in doubt).
pub(super) fn takes(operator: Operator, left: Option<Shape>, enums: Vec<&[Literal]>) -> Takes<'_> {
    let is_string = matches!(left, None | Some(Shape::Scalar(ScalarKind::String)));
    let scalar = match left {
        Some(Shape::Scalar(kind)) => Some(kind),
        _ => None,
    };
    let item = match left {
        Some(Shape::List(kind)) => Some(kind),
        _ => None,
    };
    let fit = |kind: Option<ScalarKind>, purpose| match kind {
        Some(kind) => FitTo::Kind { kind, purpose, enums },
        None => FitTo::Doubt,
    };
    let text =
        || FitTo::Kind { kind: ScalarKind::String, purpose: Purpose::Same, enums: Vec::new() };
    let string_field = TakesField::Of(ScalarKind::String);
    let none = Takes {
        left: is_string,
        literal: None,
        list: None,
        scalar_field: TakesField::No,
        list_field: TakesField::No,
        sum: false,
        wants: "nothing",
    };
    match operator.shape() {
        OperatorShape::Equality => Takes {
            left: item.is_none(),
            literal: Some(fit(scalar, Purpose::Bound)),
            scalar_field: TakesField::like(scalar),
            sum: true,
            wants: "one literal or field",
            ..none
        },
        OperatorShape::Ordering => Takes {
            left: item.is_none()
                && scalar.is_none_or(|kind| kind.is_numeric() || kind == ScalarKind::Timestamp),
            literal: Some(fit(scalar, Purpose::Bound)),
            scalar_field: TakesField::like(scalar),
            sum: true,
            wants: "one literal or field",
            ..none
        },
        OperatorShape::Membership => Takes {
            left: item.is_none(),
            list: Some(fit(scalar, Purpose::Bound)),
            list_field: TakesField::like(scalar),
            wants: "a list of literals or a list field",
            ..none
        },
        OperatorShape::Contains if scalar == Some(ScalarKind::String) => Takes {
            literal: Some(text()),
            list: Some(text()),
            scalar_field: string_field,
            wants: "text, a list of literals or a string field",
            ..none
        },
        OperatorShape::Contains | OperatorShape::NotContains => Takes {
            left: scalar.is_none(),
            // With the left side in doubt it may be a string, which takes a list.
            list: (left.is_none() && operator == Operator::Contains).then_some(FitTo::Doubt),
            literal: Some(fit(item, Purpose::Bound)),
            scalar_field: TakesField::like(item),
            wants: "an item: one literal or field",
            ..none
        },
        OperatorShape::ListSet => Takes {
            left: scalar.is_none(),
            list: Some(fit(item, Purpose::Bound)),
            list_field: TakesField::like(item),
            wants: "a list of literals or a list field",
            ..none
        },
        OperatorShape::Affix => Takes {
            literal: Some(text()),
            list: Some(text()),
            scalar_field: string_field,
            wants: "text, a list of literals or a string field",
            ..none
        },
        OperatorShape::Pattern => {
            Takes { literal: Some(FitTo::Pattern), wants: "one literal pattern", ..none }
        }
        OperatorShape::HostDomain => Takes {
            list: Some(FitTo::Domain),
            list_field: string_field,
            wants: "a list of domains or a list field",
            ..none
        },
        OperatorShape::Network => {
            Takes { list: Some(FitTo::Network), wants: "a list of literal networks", ..none }
        }
        OperatorShape::Path => Takes {
            list: Some(FitTo::Directory),
            scalar_field: string_field,
            list_field: string_field,
            wants: "a list of directories, a string field or a list field",
            ..none
        },
        OperatorShape::Length => Takes {
            left: is_string || item.is_some(),
            literal: Some(FitTo::Length),
            wants: "one literal integer",
            ..none
        },
        OperatorShape::Presence => Takes { left: true, ..none },
    }
}
