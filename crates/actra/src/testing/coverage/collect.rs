//! Counts, run by run.

use super::{AtomCoverage, Coverage, PolicyCoverage, RuleCoverage, SourcePlace};
use crate::Policy;
use crate::decision::Effect;
use crate::explain::{Explanation, RuleTrace, Standing, TraceTruth};
use actra_bytecode::ids::RuleId;
use actra_bytecode::program::Rule;
use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Counts for all policies.
#[derive(Default)]
pub(in crate::testing) struct Collector {
    policies: Vec<Counted>,
    /// The policies by their real paths.
    known: HashMap<PathBuf, usize>,
    /// The policy that runs are counted for.
    current: usize,
}

struct Counted {
    policy: PolicyCoverage,
    /// By the number of a rule in the program: its place among the rules, and the ops of its atoms.
    rules: Vec<(usize, Vec<u32>)>,
}

impl Collector {
    /// From here on, runs are of this policy.
    pub(in crate::testing) fn enter(&mut self, path: &Path, policy: &Policy) {
        let real = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        self.current = *self.known.entry(real).or_insert_with(|| {
            self.policies.push(counted(path, policy));
            self.policies.len() - 1
        });
    }

    /// Counts a run.
    pub(in crate::testing) fn add(&mut self, explanation: &Explanation) {
        let Some(counted) = self.policies.get_mut(self.current) else { return };
        let decided = |rule: &RuleTrace| rule.standing == Standing::Decided;
        let decider = explanation.rules.iter().position(decided);
        let effect = decider.and_then(|at| explanation.rules.get(at)).map(|rule| rule.effect);
        let collects = explanation.settings.combine == "most_restrictive"
            && effect == Some(Effect::RequireApproval);
        for (index, rule) in explanation.rules.iter().enumerate() {
            let is_before = decider.is_none_or(|decider| index <= decider);
            if is_before || (collects && rule.effect == Effect::RequireApproval) {
                counted.reach(rule);
            }
        }
    }

    pub(in crate::testing) fn finish(self) -> Coverage {
        let mut policies: Vec<_> =
            self.policies.into_iter().map(|counted| counted.policy).collect();
        policies.sort_by(|one, other| one.path.cmp(&other.path));
        Coverage { policies }
    }
}

impl Counted {
    fn reach(&mut self, trace: &RuleTrace) {
        let Some((at, ops)) = self.rules.get(trace.rule.index()) else { return };
        let Some(rule) = self.policy.rules.get_mut(*at) else { return };
        rule.reached += 1;
        rule.fired += u64::from(matches!(
            trace.standing,
            Standing::Decided | Standing::Joined | Standing::WouldFire
        ));
        for test in trace.tests() {
            let atom = ops.binary_search(&test.op).ok();
            let Some(atom) = atom.and_then(|at| rule.atoms.get_mut(at)) else { continue };
            match test.truth {
                TraceTruth::True => atom.seen_true += 1,
                TraceTruth::False => atom.seen_false += 1,
                TraceTruth::Unknown => atom.seen_unknown += 1,
            }
        }
    }
}

/// A policy of which nothing has been counted yet.
fn counted(path: &Path, policy: &Policy) -> Counted {
    let program = policy.program();
    let all = program.rules().iter().enumerate();
    let mut in_documents: Vec<(usize, &Rule)> = all.collect();
    in_documents.sort_by_key(|(_, rule)| rule.position);
    let mut places = vec![(0, Vec::new()); in_documents.len()];
    let mut rules = Vec::with_capacity(in_documents.len());
    for (at, (number, rule)) in in_documents.into_iter().enumerate() {
        let ops = tests(policy, rule);
        let atoms = ops.iter().filter_map(|op| atom(policy, *op)).collect();
        if let Some(place) = places.get_mut(number) {
            *place = (at, ops);
        }
        rules.push(RuleCoverage {
            id: program.text(rule.id).to_owned(),
            effect: rule.effect,
            shadow: rule.shadow,
            place: rule_place(policy, RuleId(number as u32)),
            reached: 0,
            fired: 0,
            atoms,
        });
    }
    let (path, is_artifact) = (path.to_owned(), policy.is_artifact());
    Counted { policy: PolicyCoverage { path, is_artifact, rules }, rules: places }
}

/// The ops of a rule that test something, ascending: one for each atom.
fn tests(policy: &Policy, rule: &Rule) -> Vec<u32> {
    let ops = policy.program().ops().get(rule.entry as usize..rule.end as usize).unwrap_or(&[]);
    let numbered = ops.iter().zip(rule.entry..);
    numbered.filter(|(op, _)| !op.code.is_verdict()).map(|(_, at)| at).collect()
}

fn atom(policy: &Policy, at: u32) -> Option<AtomCoverage> {
    let program = policy.program();
    let op = program.ops().get(at as usize)?;
    let origins = policy.origins();
    let pattern = origins.and_then(|origins| origins.pattern(at));
    let place = origins.and_then(|origins| origins.place(at));
    Some(AtomCoverage {
        text: program.wording(op).with_pattern(pattern).to_string(),
        place: place.and_then(|place| {
            source_place(policy, place.source as usize, place.line, place.column)
        }),
        seen_true: 0,
        seen_false: 0,
        seen_unknown: 0,
    })
}

fn rule_place(policy: &Policy, id: RuleId) -> Option<SourcePlace> {
    let rule = policy.metadata().rule(id)?;
    let source = policy.metadata().sources().position(|name| Some(name) == rule.source)?;
    source_place(policy, source, rule.line, rule.column)
}

/// A place by the path of its document, or in an artifact by the name that the document had.
fn source_place(policy: &Policy, source: usize, line: u32, column: u32) -> Option<SourcePlace> {
    let known = policy.sources().files().get(source).map(|file| file.name.as_str());
    let file = known.or_else(|| policy.metadata().sources().nth(source))?.to_owned();
    (line > 0).then_some(SourcePlace { file, line, column })
}
