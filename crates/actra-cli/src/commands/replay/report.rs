//! What a replay found, in the order in which it is told. Its JSON is what docs/replay.md describes.

use super::Log;
use super::outcome::{Direction, Outcome};
use super::tally::{Names, Rule, Sample, Tally, Verdict};
use actra::{Effect, Policy};
use serde::{Serialize, Serializer};
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::path::Path;

/// A replay.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    pub(super) policy: PolicyName,
    /// What it is compared with: `policy`, `recorded`, or null where there is nothing.
    pub(super) compared_with: Option<&'static str>,
    pub(super) against: Option<PolicyName>,
    pub(super) files: Vec<File>,
    pub(super) rows: u64,
    /// Rows with something to compare with,
    pub(super) compared: u64,
    /// and without.
    pub(super) not_compared: Vec<NotCompared>,
    pub(super) changed: u64,
    pub(super) weaker: u64,
    pub(super) stricter: u64,
    pub(super) transitions: Vec<Transition>,
    pub(super) unchanged: Vec<Unchanged>,
    pub(super) outcomes: Vec<Count>,
    pub(super) errors: Vec<ErrorRows>,
    pub(super) rules: Vec<RuleRows>,
}

#[derive(Debug, Serialize)]
pub(super) struct PolicyName {
    pub(super) path: String,
    pub(super) policy_hash: String,
}

#[derive(Debug, Serialize)]
pub(super) struct File {
    pub(super) path: String,
    pub(super) format: &'static str,
    pub(super) rows: u64,
    /// Lines of a decision log that are no decisions, and no rows.
    pub(super) log_lines: u64,
    /// Columns of inputs that no policy's schema names.
    pub(super) ignored_columns: Vec<String>,
}

#[derive(Debug, Serialize)]
pub(super) struct NotCompared {
    /// What is recorded: `not_recorded` or `no_effect`.
    pub(super) reason: &'static str,
    pub(super) rows: u64,
    pub(super) samples: Vec<Shown>,
}

/// From one outcome to another.
#[derive(Debug, Serialize)]
pub(super) struct Transition {
    #[serde(serialize_with = "as_text")]
    pub(super) old: Outcome,
    #[serde(serialize_with = "as_text")]
    pub(super) new: Outcome,
    #[serde(serialize_with = "direction")]
    pub(super) direction: Direction,
    pub(super) rows: u64,
    pub(super) by_rule: Vec<Pair>,
    pub(super) samples: Vec<Shown>,
}

/// Who decided before and after.
#[derive(Debug, Serialize)]
pub(super) struct Pair {
    pub(super) old_rule: Option<String>,
    pub(super) new_rule: Option<String>,
    pub(super) rows: u64,
}

/// Rows with the same outcome.
#[derive(Debug, Serialize)]
pub(super) struct Unchanged {
    #[serde(serialize_with = "as_text")]
    pub(super) outcome: Outcome,
    pub(super) rows: u64,
    /// Those of them that another rule decides.
    pub(super) moved: u64,
    pub(super) moved_by_rule: Vec<Pair>,
}

#[derive(Debug, Serialize)]
pub(super) struct Count {
    #[serde(serialize_with = "as_text")]
    pub(super) outcome: Outcome,
    pub(super) rows: u64,
}

/// Rows that the new policy cannot decide.
#[derive(Debug, Serialize)]
pub(super) struct ErrorRows {
    #[serde(serialize_with = "as_text")]
    pub(super) outcome: Outcome,
    pub(super) rows: u64,
    pub(super) samples: Vec<Shown>,
}

/// What a rule decides. Null: none fired, or none is recorded.
#[derive(Debug, Serialize)]
pub(super) struct RuleRows {
    pub(super) rule: Option<String>,
    /// Null where nothing is compared.
    pub(super) old_rows: Option<u64>,
    pub(super) new_rows: u64,
}

/// A row as people look at it.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Shown {
    pub(super) file: String,
    pub(super) line: u64,
    pub(super) old_rule: Option<String>,
    pub(super) new_rule: Option<String>,
    pub(super) error: Option<String>,
    pub(super) row: String,
    pub(super) cut: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "what serde asks for")]
fn as_text<S: Serializer>(outcome: &Outcome, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(outcome)
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "what serde asks for")]
fn direction<S: Serializer>(direction: &Direction, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(match direction {
        Direction::Weaker => "weaker",
        Direction::Stricter => "stricter",
        Direction::Sideways => "neither",
    })
}

/// What rules of one side are called.
#[derive(Clone, Copy)]
struct Side<'a> {
    policy: Option<&'a Policy>,
    names: &'a Names,
}

/// What rules are called that are counted together.
const OTHER: &str = "(other rules)";

impl Side<'_> {
    fn name(self, rule: Rule) -> Option<String> {
        match rule {
            Rule::None => None,
            Rule::Other => Some(OTHER.to_owned()),
            Rule::Recorded(number) => Some(self.names.name(number).to_owned()),
            Rule::Of(id) => {
                let program = self.policy?.program();
                Some(program.text(program.rule(id)?.id).to_owned())
            }
        }
    }
}

/// Counts that are put in order.
struct Counts<'a> {
    old: Side<'a>,
    new: Side<'a>,
    files: Vec<String>,
    tally: &'a Tally,
}

impl Report {
    pub(super) fn new(
        (path, new): (&Path, &Policy),
        against: Option<(&Path, &Policy)>,
        logs: &[Log],
        tally: &Tally,
    ) -> Self {
        let name = |(path, policy): (&Path, &Policy)| PolicyName {
            path: path.display().to_string(),
            policy_hash: actra::hex(&policy.policy_hash()),
        };
        let counts = Counts {
            old: Side { policy: against.map(|(_, policy)| policy), names: &tally.names },
            new: Side { policy: Some(new), names: &tally.names },
            files: logs.iter().map(|log| shown_path(&log.path)).collect(),
            tally,
        };
        let sum = |keep: &dyn Fn(Outcome, Outcome) -> bool| -> u64 {
            let pairs = tally.pairs.iter();
            pairs
                .filter(|((old, new), _)| keep(old.outcome, new.outcome))
                .map(|(_, rows)| rows)
                .sum()
        };
        let toward = |way| sum(&|old, new| old.direction(new) == Some(way));
        let compared = sum(&|old, _| old.is_known());
        let is_recorded = sum(&|old, _| old != Outcome::Unrecorded) > 0;
        let compared_with = match (against, is_recorded) {
            (Some(_), _) => Some("policy"),
            (None, true) => Some("recorded"),
            (None, false) => None,
        };
        Self {
            policy: name((path, new)),
            compared_with,
            against: against.map(name),
            files: logs.iter().map(File::of).collect(),
            rows: sum(&|_, _| true),
            compared,
            not_compared: if compared_with.is_some() { counts.not_compared() } else { Vec::new() },
            changed: sum(&|old, new| old.direction(new).is_some()),
            weaker: toward(Direction::Weaker),
            stricter: toward(Direction::Stricter),
            transitions: counts.transitions(),
            unchanged: counts.unchanged(),
            outcomes: counts.outcomes(),
            errors: counts.errors(),
            rules: counts.rules(compared_with.is_some()),
        }
    }
}

impl File {
    fn of(log: &Log) -> Self {
        Self {
            path: shown_path(&log.path),
            format: log.written.as_str(),
            rows: log.rows,
            log_lines: log.own_lines,
            ignored_columns: log.ignored.clone(),
        }
    }
}

fn shown_path(path: &Path) -> String {
    if path.as_os_str() == "-" { "(standard input)".to_owned() } else { path.display().to_string() }
}

impl Counts<'_> {
    fn shown(&self, sample: &Sample) -> Shown {
        Shown {
            file: self.files.get(sample.file).cloned().unwrap_or_default(),
            line: sample.line,
            old_rule: self.old.name(sample.old.rule),
            new_rule: self.new.name(sample.new.rule),
            error: sample.error.clone(),
            row: sample.row.clone(),
            cut: sample.is_cut,
        }
    }

    /// The first samples of those kinds together, in the order of the logs.
    fn samples(&self, keep: impl Fn(Outcome, Outcome) -> bool) -> Vec<Shown> {
        let kinds = self.tally.samples.iter().filter(|((old, new), _)| keep(*old, *new));
        let mut samples: Vec<&Sample> = kinds.flat_map(|(_, samples)| samples).collect();
        samples.sort_by_key(|sample| (sample.file, sample.line));
        samples.truncate(self.tally.most_samples());
        samples.into_iter().map(|sample| self.shown(sample)).collect()
    }

    /// Pairs of rules of those rows, the most frequent first.
    fn pairs(&self, keep: impl Fn(Verdict, Verdict) -> bool) -> Vec<Pair> {
        let pairs = self.tally.pairs.iter().filter(|((old, new), _)| keep(*old, *new));
        let mut pairs: Vec<Pair> = pairs
            .map(|((old, new), rows)| Pair {
                old_rule: self.old.name(old.rule),
                new_rule: self.new.name(new.rule),
                rows: *rows,
            })
            .collect();
        pairs.sort_by(|a, b| {
            let key =
                |pair: &Pair| (Reverse(pair.rows), pair.old_rule.clone(), pair.new_rule.clone());
            key(a).cmp(&key(b))
        });
        pairs
    }

    fn by_kind(&self) -> BTreeMap<(Outcome, Outcome), u64> {
        let mut kinds = BTreeMap::new();
        for ((old, new), rows) in &self.tally.pairs {
            *kinds.entry((old.outcome, new.outcome)).or_default() += rows;
        }
        kinds
    }

    fn transitions(&self) -> Vec<Transition> {
        let mut transitions: Vec<Transition> = self
            .by_kind()
            .into_iter()
            .filter_map(|((old, new), rows)| {
                Some(Transition {
                    old,
                    new,
                    direction: old.direction(new)?,
                    rows,
                    by_rule: self.pairs(|from, to| from.outcome == old && to.outcome == new),
                    samples: self.samples(|from, to| from == old && to == new),
                })
            })
            .collect();
        transitions.sort_by_key(|transition| transition.old.rank(transition.new));
        transitions
    }

    fn unchanged(&self) -> Vec<Unchanged> {
        let kinds = self.by_kind().into_iter().filter(|((old, new), _)| old == new);
        kinds
            .map(|((outcome, _), rows)| {
                let is_here = |old: Verdict, new: Verdict| {
                    old.outcome == outcome
                        && new.outcome == outcome
                        && self.old.name(old.rule) != self.new.name(new.rule)
                        // A log need not name rules.
                        && (self.old.policy.is_some() || old.rule != Rule::None)
                };
                let moved_by_rule = self.pairs(is_here);
                let moved = moved_by_rule.iter().map(|pair| pair.rows).sum();
                Unchanged { outcome, rows, moved, moved_by_rule }
            })
            .collect()
    }

    fn outcomes(&self) -> Vec<Count> {
        let mut outcomes: BTreeMap<Outcome, u64> = BTreeMap::new();
        for effect in [Effect::Allow, Effect::RequireApproval, Effect::Block] {
            outcomes.insert(Outcome::Decided(effect), 0);
        }
        for ((_, new), rows) in self.by_kind() {
            *outcomes.entry(new).or_default() += rows;
        }
        outcomes.into_iter().map(|(outcome, rows)| Count { outcome, rows }).collect()
    }

    fn errors(&self) -> Vec<ErrorRows> {
        let outcomes = self.outcomes().into_iter();
        outcomes
            .filter(|count| matches!(count.outcome, Outcome::Error(_)))
            .map(|Count { outcome, rows }| {
                let samples = self.samples(|_, new| new == outcome);
                ErrorRows { outcome, rows, samples }
            })
            .collect()
    }

    fn not_compared(&self) -> Vec<NotCompared> {
        [(Outcome::Unrecorded, "not_recorded"), (Outcome::Unreadable, "no_effect")]
            .into_iter()
            .filter_map(|(outcome, reason)| {
                let kinds = self.by_kind().into_iter().filter(|((old, _), _)| *old == outcome);
                let rows = kinds.map(|(_, rows)| rows).sum();
                let samples = self.samples(|old, _| old == outcome);
                (rows > 0).then_some(NotCompared { reason, rows, samples })
            })
            .collect()
    }

    /// The rules that decide something, in the order of the policy, then those that no longer do.
    fn rules(&self, is_compared: bool) -> Vec<RuleRows> {
        let mut rows: BTreeMap<Option<String>, (u64, u64)> = BTreeMap::new();
        for ((old, new), count) in &self.tally.pairs {
            if matches!(old.outcome, Outcome::Decided(_)) {
                rows.entry(self.old.name(old.rule)).or_default().0 += count;
            }
            if matches!(new.outcome, Outcome::Decided(_)) {
                rows.entry(self.new.name(new.rule)).or_default().1 += count;
            }
        }
        let mut order = BTreeMap::new();
        if let Some(policy) = self.new.policy {
            for (index, rule) in policy.program().rules().iter().enumerate() {
                order.insert(policy.program().text(rule.id), index);
            }
        }
        let mut rules: Vec<RuleRows> = rows
            .into_iter()
            .map(|(rule, (old, new))| RuleRows {
                rule,
                old_rows: is_compared.then_some(old),
                new_rows: new,
            })
            .collect();
        rules.sort_by_key(|rows| match rows.rule.as_deref() {
            // The default comes last.
            None => (2, 0),
            Some(rule) => order.get(rule).map_or((1, 0), |index| (0, *index)),
        });
        rules
    }
}
