//! How two policies differ: for each pair of rules that decide differently, an input.

use crate::ask::{Found, Undecided, find};
use crate::encode::Encoded;
use crate::input::Input;
use crate::probe::{Case, Source};
use crate::replay::{Engine, Verdict};
use crate::solve::Lit;
use crate::space::{Cache, Space};
use actra_compiler::model::{Effect, Field, FieldType, InputMode};
use std::cmp::Ordering;
use std::collections::BTreeSet;

/// One way in which two policies differ.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// The action.
    pub case: Case,
    /// What the old policy says.
    pub old: Verdict,
    /// What the new policy says.
    pub new: Verdict,
    /// An input for which they say it.
    pub input: Box<Input>,
    /// Where both ask for approval: what only the old policy's rules require, as JSON.
    pub removed_actions: Vec<String>,
    /// And what only the new policy's rules require.
    pub added_actions: Vec<String>,
}

impl Change {
    /// Whether the new policy lets more through, or asks for less.
    pub fn is_weaker(&self) -> bool {
        match strictness(&self.new).cmp(&strictness(&self.old)) {
            Ordering::Less => true,
            Ordering::Equal => !self.removed_actions.is_empty(),
            Ordering::Greater => false,
        }
    }

    /// Whether the new policy lets less through, or asks for more.
    pub fn is_stricter(&self) -> bool {
        match strictness(&self.new).cmp(&strictness(&self.old)) {
            Ordering::Less => false,
            Ordering::Equal => self.removed_actions.is_empty() && !self.added_actions.is_empty(),
            Ordering::Greater => true,
        }
    }

    /// Whether it is the same but for the input.
    fn is_like(&self, other: &Self) -> bool {
        let of = |change: &Self| {
            let Self { case, old, new, input: _, removed_actions, added_actions } = change.clone();
            (case, old, new, removed_actions, added_actions)
        };
        of(self) == of(other)
    }

    /// Where it stands among changes: the worst first.
    fn rank(&self) -> usize {
        let kind = (says(&self.old), says(&self.new));
        KINDS.iter().position(|known| *known == kind).map_or_else(
            // What is required is less than whether something is.
            || if self.is_weaker() { 2 * WEAKER - 1 } else { 2 * KINDS.len() },
            |place| 2 * place,
        )
    }
}

/// So many of the kinds of changes let more through.
const WEAKER: usize = 5;

/// How much a verdict keeps from running: an error blocks.
fn strictness(verdict: &Verdict) -> u8 {
    match verdict.effect() {
        Some(Effect::Allow) => 0,
        Some(Effect::RequireApproval) => 1,
        Some(Effect::Block) | None => 2,
    }
}

/// How two policies differ.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Diff {
    /// Changes, the ones that let most through first.
    pub changes: Vec<Change>,
    /// Whether there are more than were looked for.
    pub has_more: bool,
    /// Actions of the old schema only.
    pub removed: Vec<String>,
    /// Actions of the new schema only.
    pub added: Vec<String>,
    /// Maps of the new schema only, by the field that they are: the old policy ignored them, and to
    /// the new one entries of other types are input errors.
    pub added_maps: BTreeSet<String>,
    /// What could not be decided, by action.
    pub undecided: Vec<(Case, Undecided)>,
    /// Steps that the searches took.
    pub steps: u64,
}

/// Most changes that are looked for, for each action.
pub const MAX_CHANGES: usize = 100;

/// What a policy says, as far as kinds of changes go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Says {
    Effect(Effect),
    Error,
}

/// Kinds of changes, the worst first.
const KINDS: [(Says, Says); 12] = {
    use Effect::{Allow, Block, RequireApproval};
    use Says::{Effect as E, Error};
    [
        (E(Block), E(Allow)),
        (Error, E(Allow)),
        (E(RequireApproval), E(Allow)),
        (E(Block), E(RequireApproval)),
        (Error, E(RequireApproval)),
        (E(Allow), E(Block)),
        (E(Allow), E(RequireApproval)),
        (E(RequireApproval), E(Block)),
        (E(Allow), Error),
        (E(RequireApproval), Error),
        (E(Block), Error),
        (Error, E(Block)),
    ]
};

/// How the new policy differs from the old one.
pub fn diff(
    old: Source<'_>,
    new: Source<'_>,
    budget: u64,
    progress: &mut dyn FnMut(usize, usize),
) -> Result<Diff, String> {
    // What one policy asks of a text splits the other's classes, too.
    let mut patterns = old.patterns.clone();
    patterns.extend(new.patterns.iter().map(|(text, dfa)| (text.clone(), dfa.clone())));
    let (old, new) = (
        Source { policy: old.policy, patterns: &patterns },
        Source { policy: new.policy, patterns: &patterns },
    );
    let names = |source: Source<'_>| -> BTreeSet<String> {
        source.policy.schema.actions.iter().map(|action| action.name.clone()).collect()
    };
    let (olds, news) = (names(old), names(new));
    let mut found = Diff {
        removed: olds.difference(&news).cloned().collect(),
        added: news.difference(&olds).cloned().collect(),
        ..Diff::default()
    };
    // What only one of them names is refused by the other, or an action like any other to it.
    let mut cases: Vec<Case> = olds.union(&news).cloned().map(Case::Action).collect();
    let is_unchecked = |source: Source<'_>| source.policy.settings.inputs == InputMode::Unchecked;
    if is_unchecked(old) || is_unchecked(new) {
        cases.push(Case::OtherAction);
    }
    let engines = (Engine::new(old)?, Engine::new(new)?);
    let mut cache = Cache::default();
    for (number, case) in cases.iter().enumerate() {
        progress(number, cases.len());
        in_case(old, new, &engines, case, budget, &mut cache, &mut found)?;
    }
    progress(cases.len(), cases.len());
    // Stable: by action within a kind.
    found.changes.sort_by_key(Change::rank);
    Ok(found)
}

fn says(verdict: &Verdict) -> Says {
    verdict.effect().map_or(Says::Error, Says::Effect)
}

/// A field that is an object or a map in one schema and something else in the other, for inputs of a
/// case. What only the new one names was ignored, and is not among them.
fn unlike(old: Source<'_>, new: Source<'_>, case: &Case) -> Option<String> {
    // All inputs for an action that the new one refuses are errors there, whatever they hold.
    let is_refused = |name| new.policy.schema.action(name).is_none();
    if new.policy.settings.inputs == InputMode::Checked && case.action().is_none_or(is_refused) {
        return None;
    }
    fields_by_domain(old, case).iter().zip(fields_by_domain(new, case)).find_map(
        |((domain, old), (_, new))| Some(format!("{domain}.{}", unlike_fields(old, &new)?)),
    )
}

fn fields_by_domain(source: Source<'_>, case: &Case) -> [(&'static str, Vec<Field>); 3] {
    let schema = &source.policy.schema;
    let own = case.action().and_then(|name| schema.action(name));
    let own = own.map_or(&[][..], |action| &action.fields);
    let action: Vec<Field> = schema.common.iter().chain(own).cloned().collect();
    [("action", action), ("actor", schema.actor.clone()), ("snapshot", schema.snapshot.clone())]
}

/// Maps that only the new fields have.
fn new_maps(place: &str, old: &[Field], new: &[Field], found: &mut BTreeSet<String>) {
    for field in new {
        let other = old.iter().find(|other| other.name == field.name).map(|other| &other.ty);
        let place = format!("{place}.{}", field.name);
        match (&field.ty, other) {
            (FieldType::Map(_), None) => {
                found.insert(place);
            }
            (FieldType::Object(inner), None) => new_maps(&place, &[], inner, found),
            (FieldType::Object(inner), Some(FieldType::Object(others))) => {
                new_maps(&place, others, inner, found);
            }
            _ => {}
        }
    }
}

fn unlike_fields(old: &[Field], new: &[Field]) -> Option<String> {
    old.iter().find_map(|field| {
        let other = new.iter().find(|other| other.name == field.name).map(|other| &other.ty);
        let is_like = match (&field.ty, other) {
            (FieldType::Object(inner), Some(FieldType::Object(others))) => {
                return Some(format!("{}.{}", field.name, unlike_fields(inner, others)?));
            }
            // Where the old one has errors, there are some of its members, too.
            (FieldType::Object(inner), None) if !inner.is_empty() => {
                return Some(format!("{}.{}", field.name, unlike_fields(inner, &[])?));
            }
            (FieldType::Map(kind), Some(FieldType::Map(other))) => kind == other,
            (FieldType::Object(_) | FieldType::Map(_), _)
            | (_, Some(FieldType::Object(_) | FieldType::Map(_))) => false,
            _ => true,
        };
        (!is_like).then(|| field.name.clone())
    })
}

fn in_case(
    old: Source<'_>,
    new: Source<'_>,
    engines: &(Engine, Engine),
    case: &Case,
    budget: u64,
    cache: &mut Cache,
    found: &mut Diff,
) -> Result<(), String> {
    let mut space = Space::new(&[old, new], case, &[], false, cache).map_err(|error| error.0)?;
    let a = Encoded::new(&mut space, 0, old, case, false);
    let b = Encoded::new(&mut space, 1, new, case, false);
    let unlike = unlike(old, new, case);
    if let Some(field) = unlike.clone() {
        let why = "an object or a map of one policy is something else in the other";
        found.undecided.push((case.clone(), Undecided::Declared(field, why)));
    }
    if new.policy.settings.inputs == InputMode::Checked && unlike.is_none() {
        let of = fields_by_domain(new, case).into_iter().zip(fields_by_domain(old, case));
        for ((domain, new), (_, old)) in of {
            new_maps(domain, &old, &new, &mut found.added_maps);
        }
    }
    let mut count = 0;
    for (from, to) in KINDS {
        let side = |encoded: &Encoded, says: Says| match says {
            Says::Error => vec![!encoded.valid],
            Says::Effect(effect) => vec![encoded.valid, encoded.has_effect(effect)],
        };
        let mut wanted = side(&a, from);
        wanted.extend(side(&b, to));
        loop {
            let input = match find(&mut space, &wanted, budget) {
                Found::Nothing => break,
                Found::Undecided(why) => {
                    // Another kind of change may be undecided for the same reason.
                    let why = (case.clone(), why);
                    if !found.undecided.contains(&why) {
                        found.undecided.push(why);
                    }
                    break;
                }
                Found::Witness(input, _) => input,
            };
            let (before, after) = (engines.0.decide(&input), engines.1.decide(&input));
            if (says(&before), says(&after)) != (from, to) {
                // An object that cannot be one in both: said already.
                if unlike.is_none() {
                    let why = Undecided::NotConfirmed(input.to_text());
                    found.undecided.push((case.clone(), why));
                }
                break;
            }
            if count >= MAX_CHANGES {
                found.has_more = true;
                break;
            }
            count += 1;
            // The next one is of other rules. An error is one, whichever it is.
            let decided = |encoded: &Encoded, says: Says, verdict: &Verdict| match says {
                Says::Error => None,
                Says::Effect(_) => Some(!encoded.decided_by(verdict.rule())),
            };
            let others: Vec<_> =
                decided(&a, from, &before).into_iter().chain(decided(&b, to, &after)).collect();
            let other = space.solver.any(&others);
            found.changes.push(Change {
                case: case.clone(),
                old: before,
                new: after,
                input,
                removed_actions: Vec::new(),
                added_actions: Vec::new(),
            });
            wanted.push(other);
        }
    }
    let both = Both { old, new, engines, case, a: &a, b: &b };
    both.required_actions(&mut space, budget, &mut count, found);
    found.steps += space.solver.steps();
    Ok(())
}

/// Two policies about the inputs of a case.
struct Both<'d> {
    old: Source<'d>,
    new: Source<'d>,
    engines: &'d (Engine, Engine),
    case: &'d Case,
    a: &'d Encoded,
    b: &'d Encoded,
}

impl Both<'_> {
    /// For each action that some approval rule requires: inputs for which both ask for approval, and
    /// only one of them requires it.
    fn required_actions(
        &self,
        space: &mut Space<'_>,
        budget: u64,
        count: &mut usize,
        found: &mut Diff,
    ) {
        let approves = [self.a, self.b]
            .map(|side| space.solver.all(&[side.valid, side.has_effect(Effect::RequireApproval)]));
        let sources = [self.old, self.new];
        let all: BTreeSet<&String> = sources
            .iter()
            .flat_map(|source| &source.policy.rules)
            .filter(|rule| self.case.admits(rule) && rule.effect == Effect::RequireApproval)
            .flat_map(|rule| &rule.required_actions)
            .collect();
        for action in all {
            let [old, new] = [(self.a, self.old), (self.b, self.new)].map(|(side, source)| {
                let of = side.candidates.iter().filter(|candidate| {
                    source.policy.rules.get(candidate.rule).is_some_and(|rule| {
                        rule.effect == Effect::RequireApproval
                            && rule.required_actions.contains(action)
                    })
                });
                let of: Vec<Lit> = of.map(|candidate| candidate.counts).collect();
                space.solver.any(&of)
            });
            for (is_removed, differ) in [(true, [old, !new]), (false, [!old, new])] {
                let wanted = [&approves[..], &differ[..]].concat();
                let input = match find(space, &wanted, budget) {
                    Found::Nothing => continue,
                    Found::Undecided(why) => {
                        let why = (self.case.clone(), why);
                        if !found.undecided.contains(&why) {
                            found.undecided.push(why);
                        }
                        continue;
                    }
                    Found::Witness(input, _) => input,
                };
                let change = self.change(input);
                let told = if is_removed { &change.removed_actions } else { &change.added_actions };
                if !told.contains(action) {
                    let why = Undecided::NotConfirmed(change.input.to_text());
                    found.undecided.push((self.case.clone(), why));
                } else if *count >= MAX_CHANGES {
                    found.has_more = true;
                } else if !found.changes.iter().any(|known| known.is_like(&change)) {
                    *count += 1;
                    found.changes.push(change);
                }
            }
        }
    }

    /// What both decide about an input for which they ask for approval.
    fn change(&self, input: Box<Input>) -> Change {
        let required = |source: Source<'_>, verdict: &Verdict| -> BTreeSet<String> {
            let Verdict::Decided { effect: Effect::RequireApproval, rule, approvals } = verdict
            else {
                return BTreeSet::new();
            };
            let rules = approvals.iter().chain(rule).filter_map(|at| source.policy.rules.get(*at));
            rules.flat_map(|rule| rule.required_actions.iter().cloned()).collect()
        };
        let (old, new) = (self.engines.0.decide(&input), self.engines.1.decide(&input));
        let (before, after) = (required(self.old, &old), required(self.new, &new));
        Change {
            case: self.case.clone(),
            old,
            new,
            input,
            removed_actions: before.difference(&after).cloned().collect(),
            added_actions: after.difference(&before).cloned().collect(),
        }
    }
}
