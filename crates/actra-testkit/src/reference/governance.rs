//! Governance patterns: section 5 of the language page, read aloud.
//!
//! Where a sentence is open (does an actor scope read `actor.type`? does an object stand for the
//! fields in it?), a rule counts against a demand if it may be meant, and for a demand only if it
//! is.

use actra_compiler::model::{
    Addend, CheckedPolicy, Condition, Domain, Effect, FieldRef, LanguageVersion, Mode, Operand,
    Rule,
};
use std::collections::BTreeSet;

/// A governance document.
#[derive(Clone, Debug, PartialEq)]
pub struct Governance {
    /// Its own version, whatever the policy's is.
    pub version: LanguageVersion,
    /// Its rules.
    pub rules: Vec<GovernanceRule>,
}

/// A rule about rules.
#[derive(Clone, Debug, PartialEq)]
pub struct GovernanceRule {
    /// Its name.
    pub id: String,
    /// `applies_to`; `None`: every action.
    pub actions: Option<Vec<String>>,
    /// `select.where`.
    pub filter: Filter,
    /// `must`.
    pub must: Must,
}

/// `select.where`: each key optional, all of them together.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Filter {
    /// `id`.
    pub id: Option<String>,
    /// `effect`.
    pub effect: Option<Effect>,
    /// `scope.action`.
    pub action: Option<String>,
    /// `scope.actor`.
    pub actor: Option<String>,
    /// `scope.global`.
    pub global: Option<bool>,
    /// `when.subject.domain`.
    pub domain: Option<Domain>,
    /// `when.subject.field`, with dots inside objects.
    pub field: Option<String>,
    /// `when.subject.key`.
    pub key: Option<String>,
    /// `tags`.
    pub tags: Vec<String>,
}

/// `must`: each key optional, all of them together.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Must {
    /// `exists`.
    pub exists: Option<bool>,
    /// `min_count`.
    pub min_count: Option<usize>,
    /// `max_count`.
    pub max_count: Option<usize>,
    /// `forbid: true`.
    pub forbid: bool,
    /// `allowed_fields`: domain, name and key.
    pub allowed_fields: Option<Vec<(Domain, String, Option<String>)>>,
}

/// What is violated: the governance rule, and the action in version 2.
pub type Violations = BTreeSet<(String, Option<String>)>;

/// Whether a rule in doubt is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum InDoubt {
    Counts,
    DoesNot,
}

/// How a field is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    Left,
    Right,
    Scope,
}

/// The governance rules that a policy breaks.
pub fn violations(policy: &CheckedPolicy, governance: &Governance) -> Violations {
    let mut violations = Violations::new();
    for rule in &governance.rules {
        match governance.version {
            // "The rule holds for each action of `applies_to` on its own, among the policy rules
            // that can be candidates for it; it applies when the schema has the action."
            LanguageVersion::V2 => {
                for action in &policy.schema.actions {
                    let applies =
                        rule.actions.as_ref().is_none_or(|names| names.contains(&action.name));
                    let candidates: Vec<&Rule> = policy
                        .rules
                        .iter()
                        .filter(|one| {
                            one.scope.actions.as_ref().is_none_or(|of| of.contains(&action.name))
                        })
                        .collect();
                    if applies && !holds(rule, &candidates, governance.version) {
                        violations.insert((rule.id.clone(), Some(action.name.clone())));
                    }
                }
            }
            // "`applies_to` is a switch (skipped when no policy rule is scoped to one of its
            // actions), `select` sees all rules."
            LanguageVersion::V1 => {
                let scoped = policy.rules.iter().filter_map(|one| one.scope.actions.as_ref());
                let is_on = rule
                    .actions
                    .as_ref()
                    .is_none_or(|names| scoped.flatten().any(|action| names.contains(action)));
                let all: Vec<&Rule> = policy.rules.iter().collect();
                if is_on && !holds(rule, &all, governance.version) {
                    violations.insert((rule.id.clone(), None));
                }
            }
        }
    }
    violations
}

fn holds(rule: &GovernanceRule, among: &[&Rule], version: LanguageVersion) -> bool {
    let selected = |doubt| -> Vec<&&Rule> {
        among.iter().filter(|one| is_selected(&rule.filter, one, version, doubt)).collect()
    };
    // "Shadow rules count for `forbid`, `max_count`, `allowed_fields`, never for `exists: true`,
    // `min_count`; a rule with an actor scope satisfies those two only if the filter names that
    // actor."
    let counted = selected(InDoubt::Counts);
    let sure = selected(InDoubt::DoesNot)
        .into_iter()
        .filter(|one| one.mode == Mode::Enforce)
        .filter(|one| one.scope.actors.is_none() || rule.filter.actor.is_some())
        .count();
    let must = &rule.must;
    if must.exists == Some(true) && sure == 0 || must.min_count.is_some_and(|least| sure < least) {
        return false;
    }
    if (must.exists == Some(false) || must.forbid) && !counted.is_empty()
        || must.max_count.is_some_and(|most| counted.len() > most)
    {
        return false;
    }
    let Some(allowed) = &must.allowed_fields else { return true };
    counted.iter().all(|one| {
        reads(one)
            .iter()
            .filter(|(_, side)| version == LanguageVersion::V2 || *side == Side::Left)
            .all(|(field, _)| {
                allowed.iter().any(|(domain, name, key)| {
                    *domain == field.domain
                        && *name == field.path.join(".")
                        && (key.is_none() || *key == field.key)
                })
            })
    })
}

fn is_selected(filter: &Filter, rule: &Rule, version: LanguageVersion, doubt: InDoubt) -> bool {
    let has = |names: &Option<Vec<String>>, name: &String| {
        names.as_ref().is_some_and(|names| names.contains(name))
    };
    let is_global = rule.scope.actions.is_none() && rule.scope.actors.is_none();
    let asks_field = filter.domain.is_some() || filter.field.is_some();
    filter.id.as_ref().is_none_or(|id| *id == rule.id)
        && filter.effect.is_none_or(|effect| effect == rule.effect)
        && filter.action.as_ref().is_none_or(|name| has(&rule.scope.actions, name))
        && filter.actor.as_ref().is_none_or(|name| has(&rule.scope.actors, name))
        && filter.global.is_none_or(|global| global == is_global)
        && filter.tags.iter().all(|tag| rule.tags.contains(tag))
        && (!asks_field
            || reads(rule)
                .iter()
                .any(|(field, side)| is_asked_for(filter, field, *side, version, doubt)))
}

/// "Some atom, at any depth, reads this field; domain or field alone will do."
fn is_asked_for(
    filter: &Filter,
    field: &FieldRef,
    side: Side,
    version: LanguageVersion,
    doubt: InDoubt,
) -> bool {
    let side_counts = match (version, doubt) {
        // "Only left sides count."
        (LanguageVersion::V1, _) => side == Side::Left,
        // "Both sides of an atom count."
        (LanguageVersion::V2, InDoubt::Counts) => true,
        (LanguageVersion::V2, InDoubt::DoesNot) => side != Side::Scope,
    };
    let mut names = vec![field.path.join(".")];
    if version == LanguageVersion::V2 && doubt == InDoubt::Counts && filter.key.is_none() {
        for length in 1..field.path.len() {
            names.extend(field.path.get(..length).map(|outer| outer.join(".")));
        }
    }
    side_counts
        && filter.domain.is_none_or(|domain| domain == field.domain)
        && filter.field.as_ref().is_none_or(|name| names.contains(name))
        && (filter.key.is_none() || filter.key == field.key)
}

/// Every field that the rule reads. "An actor scope means exactly the atom `actor.type in [...]`."
fn reads(rule: &Rule) -> Vec<(FieldRef, Side)> {
    let mut reads = Vec::new();
    if rule.scope.actors.is_some() {
        reads.push((FieldRef::actor_type(), Side::Scope));
    }
    if let Some(condition) = &rule.condition {
        read_by(condition, &mut reads);
    }
    reads
}

fn read_by(condition: &Condition, reads: &mut Vec<(FieldRef, Side)>) {
    match condition {
        Condition::All(parts) | Condition::Any(parts) => {
            for part in parts {
                read_by(part, reads);
            }
        }
        Condition::Not(part) => read_by(part, reads),
        Condition::Atom(atom) => {
            reads.push((atom.subject.clone(), Side::Left));
            match &atom.operand {
                Operand::Field(field) => reads.push((field.clone(), Side::Right)),
                Operand::Sum { field, addend, .. } => {
                    reads.push((field.clone(), Side::Right));
                    if let Addend::Field(other) = addend {
                        reads.push((other.clone(), Side::Right));
                    }
                }
                Operand::None | Operand::Literal(_) | Operand::Literals(_) => {}
            }
        }
    }
}
