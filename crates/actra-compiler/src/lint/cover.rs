//! Whether one condition is sure to hold where another one does, as far as that can be read off.

use super::each_atom;
use super::fields::{may_be_missing, read_by};
use super::values::Values;
use crate::model::{
    Atom, CheckedPolicy, Condition, InputMode, MissingMode, OperatorShape, Rule, ScalarKind,
};

/// Pairs of parts that are looked at for one pair of conditions. Nested lists have many.
const MAX_STEPS: u32 = 1_000;

/// Whether `inner` being true makes `outer` true, and `inner` being at least unknown makes `outer`
/// at least unknown. `false`: not for certain.
pub(super) fn implies(inner: &Condition, outer: &Condition) -> bool {
    Search { steps: MAX_STEPS }.implies(inner, outer)
}

struct Search {
    steps: u32,
}

impl Search {
    fn implies(&mut self, inner: &Condition, outer: &Condition) -> bool {
        let Some(steps) = self.steps.checked_sub(1) else { return false };
        self.steps = steps;
        if inner == outer {
            return true;
        }
        match (inner, outer) {
            (_, Condition::All(parts)) => parts.iter().all(|part| self.implies(inner, part)),
            (Condition::Any(parts), _) => parts.iter().all(|part| self.implies(part, outer)),
            (Condition::All(parts), _) if parts.iter().any(|part| self.implies(part, outer)) => {
                true
            }
            (_, Condition::Any(parts)) => parts.iter().any(|part| self.implies(inner, part)),
            (Condition::Not(inner), Condition::Not(outer)) => self.implies(outer, inner),
            (Condition::Atom(inner), Condition::Atom(outer)) => implies_atom(inner, outer),
            _ => false,
        }
    }
}

/// Two tests of one field against literals are unknown for the same inputs.
fn implies_atom(inner: &Atom, outer: &Atom) -> bool {
    if inner.subject != outer.subject {
        return false;
    }
    let mut values = Values::default();
    values.meet(inner, false)
        && !values.is_empty(ScalarKind::String)
        && values.meet(outer, true)
        && values.is_empty(ScalarKind::String)
}

/// Whether the rule's condition may be unknown for some input.
pub(super) fn may_be_unknown(policy: &CheckedPolicy, rule: &Rule, condition: &Condition) -> bool {
    let mut unknown = false;
    each_atom(condition, &mut |atom, _| {
        let shape = atom.operator.shape();
        let may_be_malformed = matches!(
            shape,
            OperatorShape::HostDomain | OperatorShape::Network | OperatorShape::Path
        );
        let may_lack = policy.settings.missing == MissingMode::FailClosed
            && shape != OperatorShape::Presence
            && (policy.settings.inputs == InputMode::Unchecked
                || read_by(atom).any(|field| may_be_missing(policy, rule, field)));
        unknown |= may_be_malformed || may_lack;
    });
    unknown
}
