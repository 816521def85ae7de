//! Lints: what compiles and will surprise somebody.
//!
//! A lint is a warning with a code, a place and help. Lints look at the checked policy and at the
//! checker's notes, and only at policies without errors. They change nothing that is compiled.
//!
//! Each file has one subject. `silence` reads the comments that take warnings back, with a reason;
//! `levels` promotes warnings to errors or drops them for a whole run.

mod constant;
mod cover;
mod fields;
mod levels;
mod missing;
mod pattern;
mod quantified;
mod reach;
mod silence;
mod text;
mod tidy;
mod values;

pub use levels::{LevelError, LintLevels};
pub use silence::Silences;

use crate::check::{AtomNote, Checked, Notes, RuleNote};
use crate::diagnostic::{Code, Diagnostic, Report, Span};
use crate::model::{Atom, CheckedPolicy, Condition, Mode, Rule};
use std::collections::HashSet;

/// Looks for what will surprise somebody. Warnings that comments silence are taken out of the
/// report, those of the checker included, and given back.
pub fn lint(checked: &Checked, report: &mut Report) -> Vec<Diagnostic> {
    look(checked, None, report)
}

/// The same, with what an analysis found, whose codes are [`OF_ANALYSIS`].
pub fn lint_with(
    checked: &Checked,
    found: Vec<Diagnostic>,
    report: &mut Report,
) -> Vec<Diagnostic> {
    look(checked, Some(found), report)
}

fn look(
    checked: &Checked,
    analysed: Option<Vec<Diagnostic>>,
    report: &mut Report,
) -> Vec<Diagnostic> {
    let mut linter = Linter::new(checked);
    missing::look(&mut linter);
    reach::look(&mut linter);
    constant::look(&mut linter);
    quantified::look(&mut linter);
    text::look(&mut linter);
    pattern::look(&mut linter);
    tidy::look(&mut linter);
    for diagnostic in linter.found {
        report.push(diagnostic);
    }
    let is_analysed = analysed.is_some();
    for diagnostic in analysed.into_iter().flatten() {
        report.push(diagnostic);
    }
    let silenced = checked.notes.silences.apply(is_analysed, report);
    tidy::join_unused_fields(report, &checked.notes);
    silenced
}

/// The lints that are about decisions which may allow too much, or let a rule be evaded.
pub const FAIL_OPEN: &[Code] = &[
    Code::RestsOnMissingField,
    Code::ImplicitDefault,
    Code::EmptyListPasses,
    Code::DomainAsText,
    Code::PathAsText,
    Code::NetworkAsText,
    Code::UnicodeClass,
    Code::DotStopsAtLineBreak,
    Code::UnreachableRule,
    Code::NeverTrue,
    Code::AlwaysTrue,
    Code::IdleRequiredActions,
    Code::GovernanceCanBeEvaded,
];

/// What only an analysis finds. A comment that silences such a code is not idle for all that lints
/// know.
pub const OF_ANALYSIS: &[Code] = &[
    Code::RuleNeverFires,
    Code::ShadowedRule,
    Code::RedundantRule,
    Code::RuleAlwaysFires,
    Code::AnalysisUndecided,
];

struct Linter<'c> {
    policy: &'c CheckedPolicy,
    notes: &'c Notes,
    found: Vec<Diagnostic>,
    /// What has been said where: a definition is looked at for each rule that uses it.
    said: HashSet<(Code, Span)>,
}

/// A rule with the places of its parts.
#[derive(Clone, Copy)]
struct RuleAt<'c> {
    rule: &'c Rule,
    note: RuleNote,
}

impl<'c> Linter<'c> {
    fn new(checked: &'c Checked) -> Self {
        Self {
            policy: &checked.policy,
            notes: &checked.notes,
            found: Vec::new(),
            said: HashSet::new(),
        }
    }

    fn rules(&self) -> impl Iterator<Item = RuleAt<'c>> + use<'c> {
        let rules = self.policy.rules.iter().zip(&self.notes.rules);
        rules.map(|(rule, note)| RuleAt { rule, note: *note })
    }

    /// Rules that decide.
    fn enforced(&self) -> impl Iterator<Item = RuleAt<'c>> + use<'c> {
        self.rules().filter(|at| at.rule.mode == Mode::Enforce)
    }

    fn warn(&mut self, code: Code, span: Span, message: String, help: &str) {
        self.push(Diagnostic::warning(code, span, message).with_help(help));
    }

    fn push(&mut self, diagnostic: Diagnostic) {
        let span = diagnostic.span;
        if span.is_none_or(|span| self.said.insert((diagnostic.code, span))) {
            self.found.push(diagnostic);
        }
    }

    fn atom_note(&self, atom: &Atom) -> Option<&'c AtomNote> {
        self.notes.atom_at(atom.place)
    }

    /// Where an atom's left side stands.
    fn subject_of(&self, atom: &Atom) -> Option<Span> {
        self.atom_note(atom).and_then(|note| note.subject).or_else(|| atom.place.span())
    }

    /// Where an atom's right side stands.
    fn operand_of(&self, atom: &Atom) -> Option<Span> {
        self.atom_note(atom).and_then(|note| note.operand).or_else(|| atom.place.span())
    }
}

/// A warning about a rule because of something in its condition. What stands in a definition
/// concerns the rule all the same, so there the rule is pointed at.
fn about_rule(code: Code, at: RuleAt<'_>, span: Option<Span>, message: String) -> Diagnostic {
    match (span, at.rule.place.span()) {
        (Some(span), Some(rule)) if is_within(span, rule) => {
            Diagnostic::warning(code, span, message)
        }
        (Some(span), _) => {
            Diagnostic::warning(code, at.note.id, message).with_related(span, "because of this")
        }
        (None, _) => Diagnostic::warning(code, at.note.id, message),
    }
}

fn is_within(inner: Span, outer: Span) -> bool {
    inner.source == outer.source && outer.start <= inner.start && inner.end <= outer.end
}

/// How an atom counts in its condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Polarity {
    /// True makes for true.
    Straight,
    /// Inside an odd number of `not`.
    Negated,
}

impl Polarity {
    fn flipped(self) -> Self {
        match self {
            Self::Straight => Self::Negated,
            Self::Negated => Self::Straight,
        }
    }
}

/// Every atom of a condition with its polarity, in order.
fn each_atom<'m>(condition: &'m Condition, see: &mut impl FnMut(&'m Atom, Polarity)) {
    walk(condition, Polarity::Straight, see);
}

fn walk<'m>(
    condition: &'m Condition,
    polarity: Polarity,
    see: &mut impl FnMut(&'m Atom, Polarity),
) {
    match condition {
        Condition::All(parts) | Condition::Any(parts) => {
            for part in parts {
                walk(part, polarity, see);
            }
        }
        Condition::Not(part) => walk(part, polarity.flipped(), see),
        Condition::Atom(atom) => see(atom, polarity),
    }
}
