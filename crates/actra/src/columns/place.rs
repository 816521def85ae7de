//! Columns of a table by their names: which place of an input each is.

use crate::policy::Policy;
use actra_bytecode::ids::SlotId;
use actra_bytecode::program::{Domain, Slot, SlotKind};

/// The names of an input's domains.
const DOMAINS: [(&str, Domain); 3] =
    [("action", Domain::Action), ("actor", Domain::Actor), ("snapshot", Domain::Snapshot)];

/// The place of an input that a column is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// The keys that lead there, that of the domain first.
    pub path: Vec<String>,
    /// The slot, unless it is a domain as a whole or an entry that no rule reads.
    pub slot: Option<SlotId>,
    /// The map whose entry it is.
    pub map: Option<SlotId>,
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
pub fn is_of_input(name: &str) -> bool {
    domain_of(name).is_some()
}

/// The place that the name of a column is of, as the short form writes fields: `action.amount`,
/// `action.customer.tier`, `action.labels["app/name"]` or `action.labels.app/name`; `None` where the schema names no such field.
pub fn resolve(policy: &Policy, name: &str) -> Option<Target> {
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
            target.slot = entry_slot(policy, slot, key);
            return Some(target);
        }
        holder = Some(slot);
        rest = after.strip_prefix('.')?;
    }
}

/// The slot of a map's entry; `None`: no rule reads it.
fn entry_slot(policy: &Policy, map: SlotId, key: &str) -> Option<SlotId> {
    let program = policy.program();
    let is_it = |slot: &Slot| {
        slot.parent == Some(map)
            && slot.kind == SlotKind::Entry
            && program.text(slot.segment) == key
    };
    program.slots().iter().position(is_it).map(|index| SlotId(index as u16))
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
pub fn may_be_map(policy: &Policy, slot: SlotId) -> bool {
    policy.program().fields().iter().any(|field| field.slot == slot && field.ty.values().is_some())
}
