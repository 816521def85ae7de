//! Coverage: which rules fired in tests, and which atoms were seen both true and false.
//!
//! A rule is covered when it decided, joined the approvals, or, in shadow mode, would have fired at
//! its place. What an atom says counts where its rule was reached: where the rule stands at or
//! before the one that decided, or is an approval rule and approvals were collected. Every atom of
//! a reached rule counts as seen, whether the evaluation needed it or not, so that neither indexes
//! nor jumps show.

mod collect;
mod lcov;

pub(super) use collect::Collector;
pub use lcov::to_lcov;

use crate::decision::Effect;
use serde_json::{Value, json};
use std::ops::AddAssign;
use std::path::PathBuf;

/// What tests covered.
#[derive(Clone, Debug, PartialEq)]
pub struct Coverage {
    /// Every policy that a test was run against.
    pub policies: Vec<PolicyCoverage>,
}

/// What tests covered of a policy.
#[derive(Clone, Debug, PartialEq)]
pub struct PolicyCoverage {
    /// Its directory, or its artifact.
    pub path: PathBuf,
    /// Whether it is an artifact, which knows the lines of rules but not those of atoms.
    pub is_artifact: bool,
    /// Its rules, in the order of its documents.
    pub rules: Vec<RuleCoverage>,
}

/// What tests covered of a rule.
#[derive(Clone, Debug, PartialEq)]
pub struct RuleCoverage {
    /// Its id.
    pub id: String,
    /// Its effect.
    pub effect: Effect,
    /// Whether it is in shadow mode.
    pub shadow: bool,
    /// Where it stands, where that is known.
    pub place: Option<SourcePlace>,
    /// In how many runs it was reached.
    pub reached: u64,
    /// In how many it fired, or would have.
    pub fired: u64,
    /// Its atoms, those of its actor scope and of definitions included.
    pub atoms: Vec<AtomCoverage>,
}

/// What tests covered of an atom.
#[derive(Clone, Debug, PartialEq)]
pub struct AtomCoverage {
    /// The atom in short form, with the `not` around it taken in.
    pub text: String,
    /// Where it stands; `None` in policies from artifacts.
    pub place: Option<SourcePlace>,
    /// In how many runs it was true.
    pub seen_true: u64,
    /// In how many it was false.
    pub seen_false: u64,
    /// In how many it was unknown.
    pub seen_unknown: u64,
}

/// A place in a document.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SourcePlace {
    /// The path of the document.
    pub file: String,
    /// The line, from 1.
    pub line: u32,
    /// The column in characters, from 1.
    pub column: u32,
}

/// How many rules and atoms there are, and how many are covered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Rules.
    pub rules: usize,
    /// Those that fired, or would have.
    pub rules_covered: usize,
    /// Atoms.
    pub atoms: usize,
    /// Those that were seen both true and false.
    pub atoms_covered: usize,
}

impl AtomCoverage {
    /// Whether it was seen both true and false.
    pub fn is_covered(&self) -> bool {
        self.seen_true > 0 && self.seen_false > 0
    }
}

impl RuleCoverage {
    /// What it counts for.
    pub fn totals(&self) -> Totals {
        Totals {
            rules: 1,
            rules_covered: usize::from(self.fired > 0),
            atoms: self.atoms.len(),
            atoms_covered: self.atoms.iter().filter(|atom| atom.is_covered()).count(),
        }
    }
}

impl PolicyCoverage {
    /// What its rules count for.
    pub fn totals(&self) -> Totals {
        let mut totals = Totals::default();
        self.rules.iter().for_each(|rule| totals += rule.totals());
        totals
    }
}

impl Coverage {
    /// What all policies count for.
    pub fn totals(&self) -> Totals {
        let mut totals = Totals::default();
        self.policies.iter().for_each(|policy| totals += policy.totals());
        totals
    }

    /// The coverage as one JSON object. `docs/testing.md` describes it.
    pub fn to_json(&self) -> Value {
        let mut json = totals_json(self.totals());
        if let Value::Object(entries) = &mut json {
            let policies = self.policies.iter().map(policy_json).collect::<Vec<_>>();
            entries.insert("policies".to_owned(), policies.into());
        }
        json
    }
}

impl Totals {
    /// The share of rules and atoms that are covered, of a hundred; of nothing, all is.
    pub fn percent(&self) -> f64 {
        let (covered, all) = (self.rules_covered + self.atoms_covered, self.rules + self.atoms);
        if all == 0 { 100.0 } else { covered as f64 * 100.0 / all as f64 }
    }

    /// Whether the share is at least so many of a hundred.
    pub fn reaches(&self, percent: f64) -> bool {
        let (covered, all) = (self.rules_covered + self.atoms_covered, self.rules + self.atoms);
        covered as f64 * 100.0 >= percent * all as f64
    }
}

impl AddAssign for Totals {
    fn add_assign(&mut self, other: Self) {
        self.rules += other.rules;
        self.rules_covered += other.rules_covered;
        self.atoms += other.atoms;
        self.atoms_covered += other.atoms_covered;
    }
}

fn totals_json(totals: Totals) -> Value {
    json!({
        "percent": totals.percent(),
        "rules": { "total": totals.rules, "covered": totals.rules_covered },
        "atoms": { "total": totals.atoms, "covered": totals.atoms_covered },
    })
}

fn policy_json(policy: &PolicyCoverage) -> Value {
    json!({
        "path": policy.path.display().to_string(),
        "coverage": totals_json(policy.totals()),
        "rules": policy.rules.iter().map(rule_json).collect::<Vec<_>>(),
    })
}

fn rule_json(rule: &RuleCoverage) -> Value {
    json!({
        "id": rule.id,
        "effect": rule.effect.as_str(),
        "mode": if rule.shadow { "shadow" } else { "enforce" },
        "place": place_json(rule.place.as_ref()),
        "reached": rule.reached,
        "fired": rule.fired,
        "atoms": rule.atoms.iter().map(|atom| json!({
            "atom": atom.text,
            "place": place_json(atom.place.as_ref()),
            "true": atom.seen_true,
            "false": atom.seen_false,
            "unknown": atom.seen_unknown,
            "covered": atom.is_covered(),
        })).collect::<Vec<_>>(),
    })
}

fn place_json(place: Option<&SourcePlace>) -> Value {
    place.map_or(
        Value::Null,
        |place| json!({ "file": place.file, "line": place.line, "column": place.column }),
    )
}
