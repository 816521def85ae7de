//! Columns of a table: which place of an input each is, and which type its cells have there.

use super::lines::INPUT_KEYS;
use actra::Policy;
pub(super) use actra::columns::{Target, is_of_input, may_be_map, resolve};
use actra::program::{Field, FieldType};

/// The name of a column without what stands in front of inputs, where columns have that: `input.`
/// of `input.action.amount`.
pub(super) fn strip<'n>(name: &'n str, prefix: Option<&str>) -> Option<&'n str> {
    match prefix {
        None => Some(name),
        Some(prefix) => name.strip_prefix(prefix)?.strip_prefix('.'),
    }
}

/// What stands in front of inputs in these names of columns, if it is one of the usual keys.
pub(super) fn usual_prefix<'n>(
    names: &(impl Iterator<Item = &'n str> + Clone),
) -> Option<&'static str> {
    let has = |prefix: Option<&str>| {
        names.clone().filter_map(|name| strip(name, prefix)).any(is_of_input)
    };
    if has(None) {
        return None;
    }
    INPUT_KEYS.into_iter().find(|key| has(Some(key)))
}

/// The type of a column's cells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Typing {
    /// The same in every row; `None`: any text.
    Fixed(Option<FieldType>),
    /// By the number of the row's action.
    ByAction(Vec<Option<FieldType>>),
}

impl Typing {
    pub(super) fn of(policy: &Policy, target: &Target) -> Self {
        let program = policy.program();
        if target.path.len() == 1 {
            return Self::Fixed(Some(FieldType::Object));
        }
        let find = |fields: &[Field]| {
            let wanted = target.map.or(target.slot);
            let found =
                fields.iter().find(|field| Some(field.slot) == wanted).map(|field| field.ty);
            match target.map {
                None => found,
                Some(_) => found.and_then(FieldType::values),
            }
        };
        if let Some(ty) = find(program.state_fields()) {
            return Self::Fixed(Some(ty));
        }
        let common = find(program.common_fields());
        let actions = program.actions().iter().map(|action| {
            let id = program.action_of_symbol(action.name)?;
            find(program.action_fields(id)).or(common)
        });
        let types: Vec<Option<FieldType>> = actions.collect();
        match types.first() {
            Some(first) if types.iter().all(|other| other == first) => Self::Fixed(*first),
            _ => Self::ByAction(types),
        }
    }

    /// The type under that action.
    pub(super) fn under(&self, action: Option<usize>) -> Option<FieldType> {
        match self {
            Self::Fixed(ty) => *ty,
            Self::ByAction(types) => types.get(action?).copied().flatten(),
        }
    }

    /// Whether a cell is never a list, an object or a map.
    pub(super) fn is_scalar(&self) -> bool {
        let is_scalar = |ty: &Option<FieldType>| {
            ty.is_none_or(|ty| {
                matches!(
                    ty,
                    FieldType::String
                        | FieldType::Number
                        | FieldType::Integer
                        | FieldType::Boolean
                        | FieldType::Timestamp
                )
            })
        };
        match self {
            Self::Fixed(ty) => is_scalar(ty),
            Self::ByAction(types) => types.iter().all(is_scalar),
        }
    }
}
