//! From an evaluated frame to an explanation.

use super::model::{
    ConditionTrace, Explanation, FieldState, FieldTrace, IgnoredField, RulePlace, RuleTrace,
    Standing, TestTrace, TraceSettings, TraceTruth,
};
use super::structure::{Shape, lacking, shape};
use crate::decision::Decision;
use crate::error::InputError;
use crate::policy::Policy;
use actra_bytecode::Program;
use actra_bytecode::format::{host, path, timestamp};
use actra_bytecode::ids::{ActionId, RuleId, SlotId};
use actra_bytecode::op::{Op, OpCode};
use actra_bytecode::program::{Addend, Field, Rule};
#[cfg(feature = "compiler")]
use actra_compiler::diagnostic::suggest;
use actra_vm::{Frame, Outcome, Reading, Trace, Truth, Value, reading, tested};
use serde_json::Value as Json;
use std::collections::{BTreeMap, BTreeSet};

/// Most characters of a string that are shown.
const SHOWN_CHARACTERS: usize = 200;
/// Most items of a list that are shown.
const SHOWN_ITEMS: usize = 20;

/// The candidates that the evaluation came to.
#[derive(Default)]
struct Visits(BTreeSet<RuleId>);

impl Trace for Visits {
    fn visited(&mut self, rule: RuleId, _: bool) {
        self.0.insert(rule);
    }
}

/// Decides the frame's input, and tells why. `unnamed` are fields that found no slot.
pub(crate) fn explain(
    policy: &Policy,
    frame: &mut Frame<'_, '_>,
    unnamed: &[String],
) -> Explanation {
    let mut visits = Visits::default();
    let outcome = actra_vm::evaluate_traced(frame, &mut visits);
    let mut explanation = of_error(policy, None);
    let explainer = Explainer { policy, program: policy.program(), frame: &*frame };
    let action = explainer.action();
    explanation.input = explainer.input();
    explanation.ignored = explainer.ignored(action, unnamed);
    match outcome {
        Ok(outcome) => {
            explanation.rules = explainer.rules(&outcome, action, &visits.0);
            let all = policy.program().rules().len();
            explanation.other_rules = all - explanation.rules.len();
            explanation.decision = Some(Decision::of(&outcome, frame));
        }
        Err(error) => explanation.error = Some(InputError::of(&error, frame)),
    }
    explanation
}

/// What there is to say of an input that could not be read.
pub(crate) fn of_error(policy: &Policy, error: Option<InputError>) -> Explanation {
    let settings = policy.program().settings();
    let either = |holds, yes, no| if holds { yes } else { no };
    Explanation {
        decision: None,
        error,
        settings: TraceSettings {
            version: settings.language,
            combine: either(settings.collects_approvals, "most_restrictive", "first_match"),
            default: settings.default.as_str(),
            missing: either(settings.missing_is_unknown, "fail_closed", "no_match"),
            inputs: either(settings.checks_inputs, "checked", "unchecked"),
        },
        input: BTreeMap::new(),
        ignored: Vec::new(),
        rules: Vec::new(),
        other_rules: 0,
    }
}

struct Explainer<'e, 'v> {
    policy: &'e Policy,
    program: &'e Program,
    frame: &'e Frame<'e, 'v>,
}

impl Explainer<'_, '_> {
    /// The input's action, where the schema has it.
    fn action(&self) -> Option<ActionId> {
        let value = self.frame.value(self.program.action_type_slot());
        let symbol = self.program.symbol(self.frame.value_text(&value)?)?;
        self.program.action_of_symbol(symbol)
    }

    /// Everything given that the schema names.
    fn input(&self) -> BTreeMap<String, Json> {
        let slots = (0..self.program.slots().len()).map(|slot| SlotId(slot as u16));
        slots
            .filter_map(|slot| match self.frame.value(slot) {
                Value::Missing | Value::Null | Value::Object(_) => None,
                value => Some((self.program.slot_name(slot).to_owned(), self.json(&value))),
            })
            .collect()
    }

    /// Fields that are there and nobody reads.
    fn ignored(&self, action: Option<ActionId>, unnamed: &[String]) -> Vec<IgnoredField> {
        let own = action.map_or(&[][..], |action| self.program.action_fields(action));
        let tables = [self.program.common_fields(), own, self.program.state_fields()];
        let known: BTreeSet<SlotId> =
            tables.into_iter().flatten().map(|field: &Field| field.slot).collect();
        let is_known = |slot: SlotId| {
            known.contains(&slot)
                || slot == self.program.action_type_slot()
                || slot == self.program.actor_type_slot()
                // Entries of maps are declared with their map.
                || self.program.slot(slot).and_then(|slot| slot.parent)
                    .is_some_and(|parent| known.contains(&parent))
        };
        let names: Vec<&str> = known.iter().map(|slot| self.program.slot_name(*slot)).collect();
        let of_others = (0..self.program.slots().len())
            .map(|slot| SlotId(slot as u16))
            .filter(|slot| !matches!(self.frame.value(*slot), Value::Missing))
            .filter(|slot| !is_known(*slot))
            .map(|slot| self.program.slot_name(slot));
        let ignored: BTreeSet<&str> = unnamed.iter().map(String::as_str).chain(of_others).collect();
        ignored
            .into_iter()
            .map(|name| IgnoredField { field: cut(name), did_you_mean: near(name, &names) })
            .collect()
    }

    /// The candidates, in decision order.
    fn rules(
        &self,
        outcome: &Outcome,
        action: Option<ActionId>,
        visited: &BTreeSet<RuleId>,
    ) -> Vec<RuleTrace> {
        let mut candidates: BTreeMap<RuleId, Option<SlotId>> = BTreeMap::new();
        let groups =
            [self.program.unscoped_group(), action.and_then(|id| self.program.action_group(id))];
        for group in groups.into_iter().flatten() {
            candidates.extend(self.program.always(group).iter().map(|rule| (RuleId(*rule), None)));
            for index in self.program.indexes(group) {
                let by_key = self.program.keys(index).flat_map(|(_, rules)| rules);
                let rules = self.program.postings_of_missing(index).iter().chain(by_key);
                candidates.extend(rules.map(|rule| (RuleId(*rule), Some(index.slot))));
            }
        }
        candidates
            .into_iter()
            .filter_map(|(id, index)| {
                let rule = self.program.rule(id)?;
                Some(self.rule(outcome, id, rule, index, visited.contains(&id)))
            })
            .collect()
    }

    fn rule(
        &self,
        outcome: &Outcome,
        id: RuleId,
        rule: &Rule,
        index: Option<SlotId>,
        visited: bool,
    ) -> RuleTrace {
        let ops = self.program.ops().get(rule.entry as usize..rule.end as usize).unwrap_or(&[]);
        let mut tests: Vec<Option<TestTrace>> = ops
            .iter()
            .zip(rule.entry..)
            .map(|(op, at)| (!op.code.is_verdict()).then(|| self.test(op, at)))
            .collect();
        let holds: Vec<bool> =
            tests.iter().map(|test| test.as_ref().is_some_and(|test| test.holds)).collect();
        let fires = fires(ops, rule.entry, &holds);
        let lacking = if fires { Vec::new() } else { lacking(ops, rule.entry, &holds) };
        for at in &lacking {
            if let Some(Some(test)) = tests.get_mut(*at) {
                test.lacking = true;
            }
        }
        let has_tests = tests.iter().any(Option::is_some);
        let is_first_false = holds.first() == Some(&false) && has_tests;
        let when = match shape(ops, rule.entry) {
            Some(shape) => Some(condition(&shape, &mut tests)),
            None if has_tests => Some(ConditionTrace::Tests(tests.into_iter().flatten().collect())),
            None => None,
        };
        let standing = if outcome.rule == Some(id) {
            Standing::Decided
        } else if self.frame.matched().contains(&id) {
            Standing::Joined
        } else if !fires {
            Standing::NotFired
        } else if rule.shadow && visited {
            Standing::WouldFire
        } else {
            Standing::Outranked
        };
        RuleTrace {
            rule: id,
            id: self.program.text(rule.id).to_owned(),
            effect: rule.effect,
            shadow: rule.shadow,
            standing,
            // Code without tests fires, or never does.
            condition: match &when {
                Some(when) => when.truth(),
                None if fires => TraceTruth::True,
                None => TraceTruth::False,
            },
            visited,
            skipped_by: index
                .filter(|_| is_first_false && !visited)
                .map(|slot| self.program.slot_name(slot).to_owned()),
            lacks: lacking.len(),
            place: self.rule_place(id),
            when,
        }
    }

    fn rule_place(&self, id: RuleId) -> Option<RulePlace> {
        let rule = self.policy.metadata().rule(id)?;
        let (line, column) = (rule.line, rule.column);
        Some(RulePlace { file: rule.source?.to_owned(), line, column }).filter(|_| line > 0)
    }

    fn test(&self, op: &Op, at: u32) -> TestTrace {
        let tested = tested(self.frame, op);
        let pattern = self.policy.pattern(at);
        let place = self.policy.place(at);
        let truth = match tested.truth {
            _ if tested.is_unknown => TraceTruth::Unknown,
            _ if tested.holds => TraceTruth::True,
            _ => TraceTruth::False,
        };
        let malformed = tested.truth == Truth::Malformed;
        let fields = self.slots(op).into_iter().flatten().map(|slot| {
            let is_faulty = tested.faulty.contains(&Some(slot));
            self.field(op, slot, is_faulty, malformed)
        });
        TestTrace {
            op: at,
            test: self.program.wording(op).with_pattern(pattern).to_string(),
            truth,
            holds: tested.holds,
            lacking: false,
            fields: fields.collect(),
            place,
        }
    }

    /// The slots that an op reads.
    fn slots(&self, op: &Op) -> [Option<SlotId>; 3] {
        let right = op.code.has_right_slot().then(|| op.right_slot());
        let addend = match self.program.sum(op.sum()).map(|sum| sum.addend) {
            Some(Addend::Slot(slot)) if op.code == OpCode::SumCompare => Some(slot),
            _ => None,
        };
        [Some(op.slot), right, addend]
    }

    fn field(&self, op: &Op, slot: SlotId, is_faulty: bool, malformed: bool) -> FieldTrace {
        let (state, value) = match reading(self.frame, slot) {
            Reading::Missing => (FieldState::Missing, Json::Null),
            Reading::Default(value) => (FieldState::Default, self.json(&value)),
            Reading::Given(value) => (FieldState::Given, self.json(&value)),
        };
        let state = match state {
            FieldState::Given | FieldState::Default if is_faulty && malformed => {
                FieldState::Malformed
            }
            FieldState::Given | FieldState::Default if is_faulty => FieldState::Unfit,
            state => state,
        };
        let reason = (state == FieldState::Malformed).then(|| self.reason(op, slot)).flatten();
        FieldTrace { field: self.program.slot_name(slot).to_owned(), state, value, reason }
    }

    /// Why a field's value, or the first such item of it, is malformed.
    fn reason(&self, op: &Op, slot: SlotId) -> Option<&'static str> {
        let why = match op.code {
            OpCode::WithinPath | OpCode::FieldWithinPath => path::why_malformed,
            _ => host::why_malformed,
        };
        let value = self.frame.value(slot);
        let own = self.frame.value_text(&value).and_then(why);
        let items = self.frame.list_items(&value).iter();
        own.or_else(|| items.filter_map(|item| self.frame.value_text(item)).find_map(why))
    }

    fn json(&self, value: &Value<'_>) -> Json {
        match *value {
            Value::Missing | Value::Null => Json::Null,
            Value::Boolean(value) => value.into(),
            Value::Integer(value) => value.into(),
            Value::Float(value) | Value::BigInteger(value) => float(value),
            Value::String(_) | Value::Text(_) => {
                cut(self.frame.value_text(value).unwrap_or("")).into()
            }
            Value::Instant(micros) => Instant(micros).to_string().into(),
            Value::List(_) | Value::LongList(_) => {
                let items = self.frame.list_items(value);
                let mut shown: Vec<Json> =
                    items.iter().take(SHOWN_ITEMS).map(|item| self.scalar(item)).collect();
                if items.len() > SHOWN_ITEMS {
                    shown.push(format!("… {} more", items.len() - SHOWN_ITEMS).into());
                }
                shown.into()
            }
            Value::Object(_) => "an object".into(),
            Value::TooLarge => "a string over its limit".into(),
            Value::NotUtf8 => "a string that is not UTF-8".into(),
        }
    }

    /// An item of a list. Lists are flat: what is in an item of an item is not shown.
    fn scalar(&self, value: &Value<'_>) -> Json {
        match value {
            Value::List(_) | Value::LongList(_) => "a list".into(),
            value => self.json(value),
        }
    }
}

/// A field that may have been meant: one of the same name in another domain, or one of the same
/// domain with a name that is nearly that.
fn near(name: &str, names: &[&str]) -> Option<String> {
    let (domain, rest) = name.split_once('.')?;
    let split = || names.iter().filter_map(|known| Some((known.split_once('.')?, *known)));
    let elsewhere = split().find(|((_, other), _)| *other == rest).map(|(_, known)| known);
    let near = || {
        let others = split().filter(|((other, _), _)| *other == domain).map(|((_, rest), _)| rest);
        suggest(rest, others).map(|near| format!("{domain}.{near}"))
    };
    elsewhere.map(str::to_owned).or_else(near)
}

/// Near names come from the compiler; without it only fields of the same name are found.
#[cfg(not(feature = "compiler"))]
fn suggest<'a>(_: &str, _: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    None
}

/// Whether the rule fires when its tests come out so.
fn fires(ops: &[Op], entry: u32, holds: &[bool]) -> bool {
    use actra_bytecode::op::Flags;
    let mut at = 0;
    while let Some(op) = ops.get(at) {
        if op.code.is_verdict() {
            return op.code == OpCode::Fire;
        }
        let holds = holds.get(at).copied().unwrap_or(false);
        let jumps = holds == op.flags.has(Flags::JUMP_IF_HOLDS);
        let next = if jumps { op.target.wrapping_sub(entry) as usize } else { at + 1 };
        if next <= at {
            return false;
        }
        at = next;
    }
    false
}

/// Puts the tests into their shape.
fn condition(shape: &Shape, tests: &mut [Option<TestTrace>]) -> ConditionTrace {
    let mut parts = |shapes: &[Shape]| -> Vec<ConditionTrace> {
        shapes.iter().map(|shape| condition(shape, tests)).collect()
    };
    match shape {
        Shape::All(shapes) => ConditionTrace::All(parts(shapes)),
        Shape::Any(shapes) => ConditionTrace::Any(parts(shapes)),
        Shape::Test(at) => match tests.get_mut(*at).and_then(Option::take) {
            Some(test) => ConditionTrace::Test(Box::new(test)),
            None => ConditionTrace::Tests(Vec::new()),
        },
    }
}

fn float(value: f64) -> Json {
    let named = if value.is_nan() {
        "NaN"
    } else if value.is_infinite() {
        if value > 0.0 { "Infinity" } else { "-Infinity" }
    } else {
        return value.into();
    };
    named.into()
}

struct Instant(i64);

impl std::fmt::Display for Instant {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        timestamp::format(self.0, f)
    }
}

/// The text, cut where it is long.
fn cut(text: &str) -> String {
    match text.char_indices().nth(SHOWN_CHARACTERS) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}… ({} bytes)", text.get(..end).unwrap_or(""), text.len()),
    }
}
