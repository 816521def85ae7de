//! Columns of a table: which place of an input each is, and which type its cells have there.

use super::lines::INPUT_KEYS;
use actra::program::{Domain, Field, FieldType, SlotKind};
use actra::{Policy, SlotId};

/// Keys of an input's domains.
pub(super) const DOMAINS: [(&str, Domain); 3] =
    [("action", Domain::Action), ("actor", Domain::Actor), ("snapshot", Domain::Snapshot)];

/// The place of an input that a column is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Target {
    /// The keys that lead there, that of the domain first.
    pub(super) path: Vec<String>,
    /// The slot, unless it is a domain as a whole or an entry that no rule reads.
    pub(super) slot: Option<SlotId>,
    /// The map whose entry it is.
    pub(super) map: Option<SlotId>,
}

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
        names.clone().filter_map(|name| strip(name, prefix)).any(|name| domain_of(name).is_some())
    };
    if has(None) {
        return None;
    }
    INPUT_KEYS.into_iter().find(|key| has(Some(key)))
}

/// The domain that a name begins with, and the rest.
fn domain_of(name: &str) -> Option<(&'static str, Domain, &str)> {
    DOMAINS.into_iter().find_map(|(key, domain)| {
        let rest = name.strip_prefix(key)?;
        (rest.is_empty() || rest.starts_with('.') || rest.starts_with('['))
            .then_some((key, domain, rest))
    })
}

/// Whether the name is of an input, known or not.
pub(super) fn is_of_input(name: &str) -> bool {
    domain_of(name).is_some()
}

/// The place that a name is of; `None` where the schema names no such field.
pub(super) fn resolve(policy: &Policy, name: &str) -> Option<Target> {
    let (key, domain, rest) = domain_of(name)?;
    if rest.is_empty() {
        return Some(Target { path: vec![key.to_owned()], slot: None, map: None });
    }
    let program = policy.program();
    if let Some(slot) = program.find_slot(name) {
        return Some(of_slot(policy, slot));
    }
    // Names that the short form would write with quotes, and entries of maps.
    let mut holder: Option<SlotId> = None;
    let mut rest = rest.strip_prefix('.')?;
    loop {
        let mut best: Option<(SlotId, &str)> = None;
        for (index, slot) in program.slots().iter().enumerate() {
            let is_here =
                slot.parent == holder && slot.domain == domain && slot.kind == SlotKind::Field;
            let after = rest.strip_prefix(program.text(slot.segment)).filter(|_| is_here);
            let Some(after) =
                after.filter(|after| after.is_empty() || after.starts_with(['.', '[']))
            else {
                continue;
            };
            if best.is_none_or(|(_, shortest)| after.len() < shortest.len()) {
                best = Some((SlotId(index as u16), after));
            }
        }
        let (slot, after) = best?;
        if after.is_empty() {
            return Some(of_slot(policy, slot));
        }
        if may_be_map(policy, slot)
            && let Some(key) = entry_key(after)
        {
            let mut target = of_slot(policy, slot);
            target.path.push(key.to_owned());
            target.map = Some(slot);
            target.slot = None;
            return Some(target);
        }
        holder = Some(slot);
        rest = after.strip_prefix('.')?;
    }
}

/// The key of `["app/name"]`, `['app/name']` or `.name`.
fn entry_key(text: &str) -> Option<&str> {
    if let Some(key) = text.strip_prefix('.') {
        return (!key.is_empty()).then_some(key);
    }
    let inner = text.strip_prefix('[')?.strip_suffix(']')?;
    ['"', '\''].into_iter().find_map(|quote| inner.strip_prefix(quote)?.strip_suffix(quote))
}

fn of_slot(policy: &Policy, slot: SlotId) -> Target {
    let program = policy.program();
    let mut path = Vec::new();
    let mut map = None;
    let mut next = Some(slot);
    let mut domain = "";
    while let Some(known) = next.and_then(|id| program.slot(id)) {
        path.push(program.text(known.segment).to_owned());
        domain = known.domain.as_str();
        if next == Some(slot) && known.kind == SlotKind::Entry {
            map = known.parent;
        }
        next = known.parent;
    }
    path.push(domain.to_owned());
    path.reverse();
    Target { path, slot: Some(slot), map }
}

/// Whether the slot holds a map under some action.
pub(super) fn may_be_map(policy: &Policy, slot: SlotId) -> bool {
    policy.program().fields().iter().any(|field| field.slot == slot && field.ty.values().is_some())
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
