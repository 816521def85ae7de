//! What can be left out, and what nobody acts on.

use super::each_atom;
use super::fields::declarations;
use super::fields::read_by;
use super::reach::Reached;
use super::{Linter, RuleAt, about_rule};
use crate::check::{FieldNote, Notes, excerpt, listing};
use crate::diagnostic::{Code, Diagnostic, Report};
use crate::model::{
    Atom, Condition, Domain, Effect, Field, FieldRef, FieldType, Literal, Operand, OperatorShape,
    Rule, ScalarKind, Schema,
};
use std::collections::{BTreeMap, HashSet};

pub(super) fn look(linter: &mut Linter<'_>) {
    single_parts(linter);
    repeats(linter);
    unused(linter);
    unused_fields(linter);
    for at in linter.rules() {
        idle_required_actions(linter, at);
        if let Some(condition) = &at.rule.condition {
            duplicate_conditions(linter, at, condition);
            each_atom(condition, &mut |atom, _| exact_equality(linter, at, atom));
        }
    }
}

fn single_parts(linter: &mut Linter<'_>) {
    for part in &linter.notes.single_parts {
        let message = format!("`{}` with one part is that part", part.keyword);
        linter.warn(Code::SinglePart, part.span, message, "write the part alone");
    }
}

fn repeats(linter: &mut Linter<'_>) {
    for repeat in &linter.notes.repeats {
        let message = format!("`{}` stands in {} twice", excerpt(&repeat.text), repeat.within);
        linter.push(
            Diagnostic::warning(Code::DuplicateLiteral, repeat.span, message)
                .with_related(repeat.first, "the first")
                .with_help("delete one, or mend it if another value was meant"),
        );
    }
}

fn unused(linter: &mut Linter<'_>) {
    for unused in &linter.notes.unused {
        let message = format!("nothing uses the {} `{}`", unused.what, excerpt(&unused.name));
        let help = match unused.what {
            "list" => format!("delete it, or use it: `in @{}`", excerpt(&unused.name)),
            _ => format!("delete it, or use it: `{{condition: {}}}`", excerpt(&unused.name)),
        };
        linter.warn(Code::UnusedDefinition, unused.span, message, &help);
    }
}

fn idle_required_actions(linter: &mut Linter<'_>, at: RuleAt<'_>) {
    let Some(span) = at.note.required_actions.filter(|_| !at.rule.required_actions.is_empty())
    else {
        return;
    };
    if at.rule.effect == Effect::Allow {
        let message = "an allowed operation runs at once: nobody waits for its required actions";
        let help = "write `effect: require_approval` if they have to be done first";
        linter.warn(Code::IdleRequiredActions, span, message.to_owned(), help);
    }
}

fn duplicate_conditions(linter: &mut Linter<'_>, at: RuleAt<'_>, condition: &Condition) {
    // Beyond so many parts a pair is not looked for.
    const MOST: usize = 64;
    match condition {
        Condition::Atom(_) => {}
        Condition::Not(part) => duplicate_conditions(linter, at, part),
        Condition::All(parts) | Condition::Any(parts) => {
            let keyword = if matches!(condition, Condition::All(_)) { "all" } else { "any" };
            for (index, part) in parts.iter().enumerate().take(MOST) {
                let Some(first) = parts.iter().take(index).find(|other| *other == part) else {
                    continue;
                };
                if let (Some(span), Some(first)) = (place_of(part), place_of(first)) {
                    let message = format!("this stands in the same `{keyword}` twice");
                    // Both may be the same definition, used twice.
                    let warning = if span == first {
                        about_rule(Code::DuplicateCondition, at, Some(span), message)
                    } else {
                        Diagnostic::warning(Code::DuplicateCondition, span, message)
                            .with_related(first, "the first")
                    };
                    let help = "delete one, or mend it if another test was meant";
                    linter.push(warning.with_help(help));
                }
            }
            for part in parts {
                duplicate_conditions(linter, at, part);
            }
        }
    }
}

/// Where the condition's first atom stands.
fn place_of(condition: &Condition) -> Option<crate::diagnostic::Span> {
    match condition {
        Condition::Atom(atom) => atom.place.span(),
        Condition::Not(part) => place_of(part),
        Condition::All(parts) | Condition::Any(parts) => parts.first().and_then(place_of),
    }
}

fn exact_equality(linter: &mut Linter<'_>, at: RuleAt<'_>, atom: &Atom) {
    if atom.operator.shape() != OperatorShape::Equality {
        return;
    }
    let is_timestamp = || match &atom.operand {
        Operand::Literal(literal) => matches!(literal, Literal::Timestamp(_)),
        _ => declarations(&linter.policy.schema, at.rule, &atom.subject)
            .iter()
            .any(|declared| declared.scalar().is_some_and(|ty| ty.kind == ScalarKind::Timestamp)),
    };
    let field = || excerpt(&atom.subject.to_string());
    let (message, help) = match &atom.operand {
        Operand::Literal(Literal::Float(value)) if value.fract() != 0.0 => (
            format!("`{}` is compared with a fraction for being exactly equal", field()),
            "compare with `<` or `>`, or count in whole units, such as cents, in an `integer`",
        ),
        _ if is_timestamp() => (
            format!("`{}` is compared for being the same instant, to the microsecond", field()),
            "compare with `<` or `>`",
        ),
        _ => return,
    };
    let note = linter.atom_note(atom);
    let span = note.and_then(|note| note.operator).or_else(|| atom.place.span());
    if let Some(span) = span {
        linter.warn(Code::ExactEquality, span, message, help);
    }
}

fn unused_fields(linter: &mut Linter<'_>) {
    let policy = linter.policy;
    // That there are no rules is said already.
    if policy.rules.is_empty() {
        return;
    }
    let reached = Reached::of(policy);
    let fields = linter.notes.fields.iter();
    let idle = fields.filter(|note| {
        let is_built_in = note.path == ["type"] && note.domain != Domain::Snapshot;
        // Of an action that no rule is about that much is said already.
        let is_reached = note.action.as_ref().is_none_or(|name| reached.contains(name));
        !is_built_in && is_reached && !is_checked(&policy.schema, note)
    });
    let mut by_name: BTreeMap<&str, Vec<&FieldNote>> = BTreeMap::new();
    for note in idle {
        by_name.entry(note.path.last().map_or("", String::as_str)).or_default().push(note);
    }
    for rule in &policy.rules {
        let Some(condition) = &rule.condition else { continue };
        each_atom(condition, &mut |atom, _| {
            for field in read_by(atom) {
                if let Some(idle) =
                    field.path.last().and_then(|name| by_name.get_mut(name.as_str()))
                {
                    idle.retain(|note| !reads(rule, field, note));
                }
            }
        });
    }
    for note in by_name.into_values().flatten() {
        let message = format!("no rule reads `{}`, and nothing is checked of it", name_of(note));
        let help = "read it, bound it (`max_length`, `enum`, ...), or take it out of the schema";
        linter.warn(Code::UnusedField, note.span, message, help);
    }
}

/// Whether a rule that reads a field reads the declared one.
fn reads(rule: &Rule, field: &FieldRef, note: &FieldNote) -> bool {
    field.path == note.path
        && field.domain == note.domain
        && match (&note.action, &rule.scope.actions) {
            (Some(action), Some(names)) => names.contains(action),
            (Some(_), None) => false,
            (None, _) => true,
        }
}

fn name_of(note: &FieldNote) -> String {
    excerpt(&format!("{}.{}", note.domain, note.path.join(".")))
}

/// Whether more than its type is checked of the field, or it is an object, whose fields are asked
/// themselves.
fn is_checked(schema: &Schema, note: &FieldNote) -> bool {
    let fields = match (note.domain, &note.action) {
        (Domain::Actor, _) => &schema.actor,
        (Domain::Snapshot, _) => &schema.snapshot,
        (Domain::Action, None) => &schema.common,
        (Domain::Action, Some(name)) => match schema.action(name) {
            Some(action) => &action.fields,
            None => return true,
        },
    };
    let Some(field) = descend(fields, &note.path) else { return true };
    let bounded = |ty: &crate::model::ScalarType| {
        ty.allowed.is_some()
            || ty.min.is_some()
            || ty.max.is_some()
            || ty.max_length.is_some()
            || ty.default.is_some()
    };
    field.required
        || match &field.ty {
            FieldType::Scalar(ty) => bounded(ty),
            FieldType::List(list) => {
                bounded(&list.items) || list.max_length.is_some() || list.unique
            }
            FieldType::Object(_) => true,
            FieldType::Map(_) => false,
        }
}

fn descend<'c>(fields: &'c [Field], path: &[String]) -> Option<&'c Field> {
    let (name, rest) = path.split_first()?;
    let field = fields.iter().find(|field| field.name == *name)?;
    match (&field.ty, rest.is_empty()) {
        (_, true) => Some(field),
        (FieldType::Object(inner), false) => descend(inner, rest),
        _ => None,
    }
}

/// Says all unused fields in one warning: a schema shared between policies would have as many
/// warnings as fields.
pub(super) fn join_unused_fields(report: &mut Report, notes: &Notes) {
    const MAX_RELATED: usize = 3;
    let found = report.take(|found| found.code == Code::UnusedField);
    if found.len() <= 1 {
        for warning in found {
            report.push(warning);
        }
        return;
    }
    let spans: HashSet<_> = found.iter().filter_map(|warning| warning.span).collect();
    let mut fields: Vec<_> =
        notes.fields.iter().filter(|note| spans.contains(&note.span)).collect();
    fields.sort_by_key(|note| note.span);
    let Some(first) = fields.first() else { return };
    let names: Vec<String> = fields.iter().map(|note| name_of(note)).collect();
    let message = format!(
        "no rule reads {} of the fields, and nothing is checked of them: {}",
        fields.len(),
        listing(names.iter().map(String::as_str))
    );
    let help = "read them, bound them (`max_length`, `enum`, ...), or take them out of the schema";
    let mut warning = Diagnostic::warning(Code::UnusedField, first.span, message).with_help(help);
    for note in fields.iter().skip(1).take(MAX_RELATED) {
        warning = warning.with_related(note.span, "another one");
    }
    report.push(warning);
}
